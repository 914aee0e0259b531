use std::fmt;

use countersign::clock::Timestamp;
use countersign_axum::rfc3339;

/// A moment on a page, in UTC; a script puts it into the reader's own time.
#[derive(Clone, Debug)]
pub(super) struct When(String);

impl When {
    /// As a machine reads it: to the second, as RFC 3339 has it.
    #[must_use]
    pub(super) fn machine(&self) -> &str {
        &self.0
    }
}

impl From<Timestamp> for When {
    fn from(at: Timestamp) -> Self {
        Self(rfc3339(Timestamp::from_secs(at.as_secs())))
    }
}

impl fmt::Display for When {
    /// To the minute.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.get(..10), self.0.get(11..16)) {
            (Some(day), Some(time)) => write!(f, "{day} {time} UTC"),
            _ => f.write_str(&self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_for_people_and_for_machines() {
        let when = When::from(Timestamp::from_millis(1_234_567_890_250));
        assert_eq!(when.machine(), "2009-02-13T23:31:30Z");
        assert_eq!(when.to_string(), "2009-02-13 23:31 UTC");
    }
}
