use std::fmt;

use countersign_otp::{Algorithm, Digits, Period};

/// What an authenticator seems to have made of a new factor's parameters: its code is right, but for others than were
/// shown. Some leave out what they do not know and say nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The digits it shows.
    pub digits: Digits,
    /// The period it uses.
    pub period: Period,
    /// The hash it uses.
    pub algorithm: Algorithm,
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { digits, period, algorithm } = self;
        write!(f, "the authenticator uses {algorithm}, {} digits, {} seconds", digits.get(), period.as_secs())
    }
}
