use core::fmt;

use crate::{OtpError, Step};

/// How many steps a token's clock runs ahead of ours (behind, if negative), within [`Drift::LIMIT`].
///
/// A [`Match`](crate::Match) tells it. Kept with the factor and handed to [`Window::around`] at the next check, it lets a
/// slow token go on working while the window stays as narrow as it was (RFC 6238, section 6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "i8", into = "i8"))]
pub struct Drift(i8);

impl Drift {
    /// The furthest that is ever learned or looked at: ten steps to either side, five minutes at 30 seconds.
    pub const LIMIT: i8 = 10;
    /// No drift: the clocks agree.
    pub const ZERO: Self = Self(0);

    /// A drift of `steps` steps.
    ///
    /// # Errors
    /// [`OtpError::Drift`] beyond [`Drift::LIMIT`].
    pub const fn new(steps: i8) -> Result<Self, OtpError> {
        match steps {
            -10..=10 => Ok(Self(steps)),
            _ => Err(OtpError::Drift),
        }
    }

    /// The drift in steps, from -10 to 10.
    #[must_use]
    pub const fn steps(self) -> i8 {
        self.0
    }
}

impl TryFrom<i8> for Drift {
    type Error = OtpError;

    /// # Errors
    /// [`OtpError::Drift`] beyond [`Drift::LIMIT`].
    fn try_from(steps: i8) -> Result<Self, OtpError> {
        Self::new(steps)
    }
}

impl From<Drift> for i8 {
    fn from(drift: Drift) -> Self {
        drift.0
    }
}

impl fmt::Display for Drift {
    /// The steps with their sign, as in `+1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:+}", self.0)
    }
}

/// Which steps are looked at: so many back and so many ahead of a centre, which is the step of the clock unless a learned
/// [`Drift`] moves it.
///
/// The default is one step back and one ahead (RFC 6238, section 5.2, recommends at most one for the delay on the way).
///
/// With `serde` it is `{ back, ahead }`: the centre is state, not a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "Sides", into = "Sides"))]
pub struct Window {
    back: u8,
    ahead: u8,
    centre: Drift,
}

impl Window {
    /// The most steps to one side.
    pub const MAX: u8 = 2;

    /// A window of `back` steps before the step of the clock, that step, and `ahead` steps after it.
    ///
    /// # Errors
    /// [`OtpError::Window`] if either is more than [`Window::MAX`].
    pub const fn new(back: u8, ahead: u8) -> Result<Self, OtpError> {
        if back > Self::MAX || ahead > Self::MAX {
            return Err(OtpError::Window);
        }
        Ok(Self { back, ahead, centre: Drift::ZERO })
    }

    /// The same window around the step that a token with this drift shows. Replaces an earlier centre.
    ///
    /// Steps further than [`Drift::LIMIT`] from the clock stay outside, whatever was learned.
    #[must_use]
    pub const fn around(self, drift: Drift) -> Self {
        Self { centre: drift, ..self }
    }

    /// Steps before the centre.
    #[must_use]
    pub const fn back(self) -> u8 {
        self.back
    }

    /// Steps after the centre.
    #[must_use]
    pub const fn ahead(self) -> u8 {
        self.ahead
    }

    /// Where the centre lies.
    #[must_use]
    pub const fn drift(self) -> Drift {
        self.centre
    }

    /// The first and the last step to look at when the clock says `now`, at most five. Steps before the first of all and after
    /// the last of all do not exist; `None` if no step is left.
    pub(crate) fn steps(self, now: Step) -> Option<(Step, Step)> {
        let first = self.centre.0.saturating_sub_unsigned(self.back).max(-Drift::LIMIT);
        let last = self.centre.0.saturating_add_unsigned(self.ahead).min(Drift::LIMIT);
        let at = |drift: i8| i128::from(now.get()) + i128::from(drift);
        Some((
            Step::new(u64::try_from(at(first).max(0)).ok()?),
            Step::new(u64::try_from(at(last).min(u64::MAX.into())).ok()?),
        ))
    }
}

impl Default for Window {
    fn default() -> Self {
        Self { back: 1, ahead: 1, centre: Drift::ZERO }
    }
}

/// The form of a [`Window`] in settings.
#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Sides {
    back: u8,
    ahead: u8,
}

#[cfg(feature = "serde")]
impl TryFrom<Sides> for Window {
    type Error = OtpError;

    fn try_from(sides: Sides) -> Result<Self, OtpError> {
        Self::new(sides.back, sides.ahead)
    }
}

#[cfg(feature = "serde")]
impl From<Window> for Sides {
    fn from(window: Window) -> Self {
        Self { back: window.back, ahead: window.ahead }
    }
}
