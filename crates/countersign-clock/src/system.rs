use std::time::{Duration, Instant, SystemTime};

use crate::{Clock, Timestamp};

/// The machine's own clock: the one place where Countersign asks the operating system for the time.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose monotonic time starts now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the type that reads the clock")]
    pub fn new() -> Self {
        Self { started: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the type that reads the clock")]
    fn now(&self) -> Option<Timestamp> {
        // A clock set before 1970 is a clock that does not know the time.
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
        u64::try_from(since_epoch.as_millis()).ok().map(Timestamp::from_millis)
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}
