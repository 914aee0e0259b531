use crate::{Drift, Step};

/// What a check of a time-based code came to. Wrong is an answer, not an error.
///
/// ```compile_fail
/// #![deny(unused_must_use)]
/// # use countersign_otp::{Secret, Totp, UnixTime, Window};
/// # let totp = Totp::new(Secret::from([0; 20]));
/// totp.verify("287082", UnixTime::from_secs(59), Window::default(), None); // and what did it say?
/// ```
#[must_use = "a code that nobody looked at was not checked"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The code belongs to a step inside the window that is later than the one remembered. **Remember the step before
    /// letting anybody in**; until that is done the same code can be accepted again.
    Accepted(Match),
    /// The code is right, but only for a step that is not later than the one remembered: it, or a later one, was used.
    Replayed,
    /// The code belongs to no step inside the window.
    Wrong,
    /// The input is not of the form of a code, whatever the secret is.
    Malformed,
}

impl Verdict {
    /// The match, if the code was accepted.
    #[must_use]
    pub const fn accepted(self) -> Option<Match> {
        match self {
            Self::Accepted(found) => Some(found),
            Self::Replayed | Self::Wrong | Self::Malformed => None,
        }
    }
}

/// Which step an accepted code belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// The step, to be remembered and handed in as `after` from now on.
    pub step: Step,
    /// How far the step lies from the step of the clock: what the token's clock is off by, as far as one code can tell.
    pub drift: Drift,
}

impl Match {
    /// The match at `step`, which a window around `now` held, so that the difference is within the bounds of a drift.
    pub(crate) fn at(step: Step, now: Step) -> Option<Self> {
        let drift = i128::from(step.get()) - i128::from(now.get());
        Some(Self { step, drift: Drift::new(i8::try_from(drift).ok()?).ok()? })
    }
}
