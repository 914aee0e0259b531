use countersign_otp::{Algorithm, Digits, Hotp, HotpVerdict, LookAhead, ResyncReach};
use countersign_vault::Sealed;
use serde::{Deserialize, Serialize};

use super::{Check, Claim, Place};
use crate::Error;

/// A counter-based factor (RFC 4226), its secret sealed to its user and itself.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HotpFactor {
    pub(crate) secret: Sealed,
    digits: u8,
    algorithm: String,
    /// The first counter that is not used. It never moves back.
    counter: u64,
}

impl HotpFactor {
    pub(crate) fn new(secret: Sealed, digits: Digits, algorithm: Algorithm, counter: u64) -> Self {
        Self { secret, digits: digits.get(), algorithm: algorithm.to_string(), counter }
    }

    pub(super) fn check(&self, place: Place<'_>, input: &str, look_ahead: LookAhead) -> Result<Check, Error> {
        let hotp = self.open(place)?;
        Ok(match hotp.verify(input, self.counter, look_ahead) {
            HotpVerdict::Accepted { next_counter } => Check::Accepted(Claim::Counter(next_counter)),
            HotpVerdict::Malformed => Check::Malformed,
            HotpVerdict::Wrong => self.check_last(&hotp, input)?,
        })
    }

    /// Looks for a token that was pressed too often, by two codes of it in a row.
    pub(super) fn resync(&self, place: Place<'_>, first: &str, second: &str) -> Result<Check, Error> {
        Ok(match self.open(place)?.resync(first, second, None, self.counter, ResyncReach::default()) {
            HotpVerdict::Accepted { next_counter } => Check::Accepted(Claim::Counter(next_counter)),
            HotpVerdict::Malformed => Check::Malformed,
            HotpVerdict::Wrong => Check::Wrong,
        })
    }

    /// Claims every counter before `next`.
    pub(super) fn claim(&mut self, next: u64) {
        self.counter = self.counter.max(next);
    }

    /// Whether a wrong code is the one that was accepted last: the button pressed twice.
    fn check_last(&self, hotp: &Hotp, input: &str) -> Result<Check, Error> {
        let Some(last) = self.counter.checked_sub(1) else { return Ok(Check::Wrong) };
        let only = LookAhead::new(0).map_err(|_| Error::Unreadable)?;
        Ok(match hotp.verify(input, last, only) {
            HotpVerdict::Accepted { .. } => Check::Replayed,
            HotpVerdict::Wrong | HotpVerdict::Malformed => Check::Wrong,
        })
    }

    /// The live generator. A value that does not open or does not hold together refuses.
    fn open(&self, place: Place<'_>) -> Result<Hotp, Error> {
        let secret = place.open(&self.secret)?;
        Ok(Hotp::new(secret)
            .digits(Digits::try_from(self.digits).map_err(|_| Error::Unreadable)?)
            .algorithm(self.algorithm.parse().map_err(|_| Error::Unreadable)?))
    }
}
