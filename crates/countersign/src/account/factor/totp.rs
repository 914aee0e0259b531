use countersign_otp::{Algorithm, Digits, Drift, Match, Period, Step, Totp, UnixTime, Verdict, Window};
use countersign_vault::Sealed;
use serde::{Deserialize, Serialize};

use super::{Check, Claim, Place, is_default};
use crate::{Error, Hint};

/// A time-based factor (RFC 6238), its secret sealed to its user and itself.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TotpFactor {
    pub(crate) secret: Sealed,
    digits: u8,
    period: u64,
    algorithm: String,
    /// The latest step a code was accepted for. It never moves back.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    last_step: Option<u64>,
    #[serde(skip_serializing_if = "is_default", default)]
    learned: Learned,
}

/// What accepted codes have told about the token's clock (RFC 6238, section 6).
///
/// One code tells little: it may have been typed late, or early. Only so many in a row that lean the same way move the
/// centre of the window, by one step; the window itself never grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Learned {
    /// Steps the window's centre lies from the clock.
    drift: i8,
    /// How many accepted codes in a row lay ahead of the centre; behind it, if negative.
    lean: i8,
}

/// So many codes in a row on one side of the centre move it.
const CONVINCING: i8 = 5;

/// The furthest that is learned: two minutes, at 30 seconds.
const FURTHEST: i8 = 4;

impl TotpFactor {
    pub(crate) fn new(secret: Sealed, digits: Digits, period: Period, algorithm: Algorithm) -> Self {
        Self {
            secret,
            digits: digits.get(),
            period: period.as_secs(),
            algorithm: algorithm.to_string(),
            last_step: None,
            learned: Learned::default(),
        }
    }

    pub(super) fn check(&self, place: Place<'_>, input: &str, at: UnixTime, window: Window) -> Result<Check, Error> {
        let drift = Drift::new(self.learned.drift).map_err(|_| Error::Unreadable)?;
        let verdict = self.open(place)?.verify(input, at, window.around(drift), self.last_step.map(Step::new));
        Ok(match verdict {
            Verdict::Accepted(found) => Check::Accepted(Claim::Step(found)),
            Verdict::Replayed => Check::Replayed,
            Verdict::Wrong => Check::Wrong,
            Verdict::Malformed => Check::Malformed,
        })
    }

    /// The parameters under which the code would be right at this moment, if there are others than ours.
    pub(super) fn hint(
        &self,
        place: Place<'_>,
        input: &str,
        at: UnixTime,
        window: Window,
    ) -> Result<Option<Hint>, Error> {
        let typed = input.bytes().filter(|byte| *byte != b' ').count();
        let Some(digits) = u8::try_from(typed).ok().and_then(|typed| Digits::try_from(typed).ok()) else {
            return Ok(None);
        };
        for algorithm in [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512] {
            for secs in [30, 60] {
                let period = Period::from_secs(secs).map_err(|_| Error::Unreadable)?;
                let totp = Totp::new(place.open(&self.secret)?).digits(digits).period(period).algorithm(algorithm);
                if let Verdict::Accepted(_) = totp.verify(input, at, window, None) {
                    return Ok(Some(Hint { digits, period, algorithm }));
                }
            }
        }
        Ok(None)
    }

    /// Claims the step: from here on neither it nor an earlier one is accepted.
    pub(super) fn claim(&mut self, found: Match) {
        let step = found.step.get();
        self.last_step = Some(self.last_step.map_or(step, |last| last.max(step)));
        self.learned.note(found.drift);
    }

    /// The live generator. A value that does not open or does not hold together refuses.
    fn open(&self, place: Place<'_>) -> Result<Totp, Error> {
        let secret = place.open(&self.secret)?;
        Ok(Totp::new(secret)
            .digits(Digits::try_from(self.digits).map_err(|_| Error::Unreadable)?)
            .period(Period::from_secs(self.period).map_err(|_| Error::Unreadable)?)
            .algorithm(self.algorithm.parse().map_err(|_| Error::Unreadable)?))
    }
}

impl Learned {
    fn note(&mut self, seen: Drift) {
        let side = seen.steps().saturating_sub(self.drift).signum();
        self.lean = if side != 0 && self.lean.signum() == side { self.lean.saturating_add(side) } else { side };
        if self.lean.abs() >= CONVINCING {
            self.drift = self.drift.saturating_add(side).clamp(-FURTHEST, FURTHEST);
            self.lean = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learn(steps: &[i8]) -> i8 {
        let mut learned = Learned::default();
        for step in steps {
            learned.note(Drift::new(*step).unwrap());
        }
        learned.drift
    }

    #[test]
    fn only_a_row_of_codes_on_one_side_moves_the_centre() {
        assert_eq!(learn(&[1, 1, 1, 1]), 0);
        assert_eq!(learn(&[1, 1, 1, 1, 1]), 1);
        assert_eq!(learn(&[1, 1, 1, 1, 0, 1, 1, 1, 1]), 0);
        assert_eq!(learn(&[-1, -1, 1, -1, -1, -1, -1]), 0);
        assert_eq!(learn(&[-1, -1, -1, -1, -1, -2, -2, -2, -2, -2]), -2);
    }

    #[test]
    fn the_centre_comes_back_and_never_goes_too_far() {
        assert_eq!(learn(&[1, 1, 1, 1, 1, 0, 0, 0, 0, 0]), 0);
        let further: Vec<i8> = (1..=10).flat_map(|step| [step; 5]).collect();
        assert_eq!(learn(&further), FURTHEST);
    }
}
