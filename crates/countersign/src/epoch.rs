use std::fmt;

use countersign_clock::Timestamp;
use serde::{Deserialize, Serialize};

/// Tells the changes of an account's second factor apart. It only grows.
///
/// Tickets, known devices and a host's sessions remember the epoch they began under; once the account's has moved on,
/// they are over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(u64);

impl Epoch {
    /// The epoch with this number, as [`get`](Self::get) gave it.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The epoch that begins at `now`. It lies past every earlier one, those of a record that has vanished included:
    /// that is why it leans on the clock, in milliseconds, and not on a bare count.
    pub(crate) fn next(self, now: Timestamp) -> Self {
        Self(self.0.saturating_add(1).max(now.as_millis()))
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
