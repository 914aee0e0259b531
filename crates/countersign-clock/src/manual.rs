use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::{Clock, Timestamp};

/// A clock that moves when told to. Clones share one hand.
///
/// Wall time and monotonic time are separate, as they are in life: [`advance`](Self::advance) moves both,
/// [`set`](Self::set) steps the wall clock alone, to any moment or to "unknown".
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<Hands>>);

impl ManualClock {
    /// A clock that stands at `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(Hands { wall: Some(now), monotonic: Duration::ZERO })))
    }

    /// Lets `duration` pass.
    pub fn advance(&self, duration: Duration) {
        self.with(|hands| {
            hands.wall = hands.wall.map(|wall| wall.saturating_add(duration));
            hands.monotonic = hands.monotonic.saturating_add(duration);
        });
    }

    /// Steps the wall clock, back or ahead, as NTP or an operator would; `None` makes the time unknown. Monotonic time
    /// does not move.
    pub fn set(&self, wall: Option<Timestamp>) {
        self.with(|hands| hands.wall = wall);
    }

    fn with<T>(&self, act: impl FnOnce(&mut Hands) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Option<Timestamp> {
        self.with(|hands| hands.wall)
    }

    fn monotonic(&self) -> Duration {
        self.with(|hands| hands.monotonic)
    }
}

#[derive(Debug)]
struct Hands {
    wall: Option<Timestamp>,
    monotonic: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stepping_the_wall_clock_leaves_monotonic_time_alone() {
        let clock = ManualClock::at(Timestamp::from_secs(100));
        clock.advance(Duration::from_secs(5));
        clock.set(Some(Timestamp::from_secs(1)));
        assert_eq!(clock.now(), Some(Timestamp::from_secs(1)));
        assert_eq!(clock.monotonic(), Duration::from_secs(5));
        clock.set(None);
        assert_eq!(clock.now(), None);
    }
}
