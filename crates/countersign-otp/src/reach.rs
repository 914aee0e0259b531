use crate::OtpError;

/// How many codes a token may be ahead, from presses that never reached us: 0 to 10, by default 5 (the `s` of RFC 4226, section
/// 7.4). Every one of them is another code that a guess may hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "u8", into = "u8"))]
pub struct LookAhead(u8);

impl LookAhead {
    /// The furthest look-ahead.
    pub const MAX: u8 = 10;

    /// A look-ahead of `counters`.
    ///
    /// # Errors
    /// [`OtpError::LookAhead`] for more than [`LookAhead::MAX`].
    pub const fn new(counters: u8) -> Result<Self, OtpError> {
        if counters > Self::MAX { Err(OtpError::LookAhead) } else { Ok(Self(counters)) }
    }

    /// How many counters.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Default for LookAhead {
    fn default() -> Self {
        Self(5)
    }
}

impl TryFrom<u8> for LookAhead {
    type Error = OtpError;

    /// # Errors
    /// [`OtpError::LookAhead`] for more than [`LookAhead::MAX`].
    fn try_from(counters: u8) -> Result<Self, OtpError> {
        Self::new(counters)
    }
}

impl From<LookAhead> for u8 {
    fn from(look_ahead: LookAhead) -> Self {
        look_ahead.0
    }
}

/// How far ahead a token is looked for when it is found again by consecutive codes: up to 1000 counters, by default 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "u16", into = "u16"))]
pub struct ResyncReach(u16);

impl ResyncReach {
    /// The furthest reach.
    pub const MAX: u16 = 1000;

    /// A reach of `counters`.
    ///
    /// # Errors
    /// [`OtpError::LookAhead`] for more than [`ResyncReach::MAX`].
    pub const fn new(counters: u16) -> Result<Self, OtpError> {
        if counters > Self::MAX { Err(OtpError::LookAhead) } else { Ok(Self(counters)) }
    }

    /// How many counters.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl Default for ResyncReach {
    fn default() -> Self {
        Self(100)
    }
}

impl TryFrom<u16> for ResyncReach {
    type Error = OtpError;

    /// # Errors
    /// [`OtpError::LookAhead`] for more than [`ResyncReach::MAX`].
    fn try_from(counters: u16) -> Result<Self, OtpError> {
        Self::new(counters)
    }
}

impl From<ResyncReach> for u16 {
    fn from(reach: ResyncReach) -> Self {
        reach.0
    }
}
