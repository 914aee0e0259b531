use std::{fmt, time::Duration};

use crate::Timestamp;

/// Where the time comes from. Handed to whatever needs it, so that tests can hand in another.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// Wall time, for what is compared with other machines: codes, expiry, audit.
    ///
    /// `None` when the time cannot be known. Callers refuse then; they never guess.
    fn now(&self) -> Option<Timestamp>;

    /// Time since a moment that is fixed for the life of this clock; never goes back. For limits and waits inside one
    /// process, which a step of the wall clock must neither lift nor lengthen.
    fn monotonic(&self) -> Duration;
}
