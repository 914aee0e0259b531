use core::fmt;

use crate::{
    Algorithm, Code, Digits, OtpError, Secret,
    format::Format,
    key::Key,
    search::{Found, search, search_run},
};

/// Counter-based one-time codes (RFC 4226) of one secret.
///
/// RFC 4226 knows SHA-1 alone, which is the default; the Key URI format knows the others too.
pub struct Hotp {
    secret: Secret,
    key: Key,
    algorithm: Algorithm,
    digits: Digits,
}

impl Hotp {
    /// The codes of `secret`: SHA-1, six digits.
    #[must_use]
    pub fn new(secret: Secret) -> Self {
        let algorithm = Algorithm::default();
        let key = Key::new(&secret, algorithm);
        Self { secret, key, algorithm, digits: Digits::default() }
    }

    /// The same secret with another number of digits.
    #[must_use]
    pub fn digits(mut self, digits: Digits) -> Self {
        self.digits = digits;
        self
    }

    /// The same secret with another hash.
    #[must_use]
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        if algorithm != self.algorithm {
            self.key = Key::new(&self.secret, algorithm);
            self.algorithm = algorithm;
        }
        self
    }

    /// The code of `counter`.
    #[must_use]
    pub fn code(&self, counter: u64) -> Code {
        Code::new(self.format(), self.key.truncated(counter))
    }

    /// Checks what somebody typed, when `counter` is the first that was not used yet.
    ///
    /// `input` is a code if it has exactly as many ASCII digits as this secret's codes; ASCII spaces are skipped. The codes of
    /// `counter` and of as many after it as `look_ahead` says are all computed and compared, whichever matches; a code beyond
    /// them never moves the counter. Should one code stand at two of them, the later counts. The last counter of 64 bits is never
    /// used, as there is none after it.
    pub fn verify(&self, input: &str, counter: u64, look_ahead: LookAhead) -> HotpVerdict {
        let last = counter.saturating_add(look_ahead.0.into()).min(u64::MAX - 1);
        search(&self.key, self.format(), input, counter, last, None).into()
    }

    /// Finds a token again that was pressed too often without a sign-in: two consecutive codes, or three, tell where it
    /// stands (RFC 4226, section 7.4). `counter` is the first that was not used yet; `reach` says how far ahead the first of the
    /// codes may lie.
    ///
    /// Accepting is as good as a sign-in; charge an attempt for it as for any other.
    pub fn resync(
        &self,
        first: &str,
        second: &str,
        third: Option<&str>,
        counter: u64,
        reach: ResyncReach,
    ) -> HotpVerdict {
        let more = 1 + u64::from(third.is_some());
        let last = counter.saturating_add(reach.0.into()).saturating_add(more).min(u64::MAX - 1);
        search_run(&self.key, self.format(), [Some(first), Some(second), third], counter, last).into()
    }

    /// The secret behind these codes.
    #[must_use]
    pub const fn secret(&self) -> &Secret {
        &self.secret
    }

    /// How many digits a code has.
    #[must_use]
    pub const fn get_digits(&self) -> Digits {
        self.digits
    }

    /// The hash in use.
    #[must_use]
    pub const fn get_algorithm(&self) -> Algorithm {
        self.algorithm
    }

    const fn format(&self) -> Format {
        Format::Decimal(self.digits)
    }
}

impl fmt::Debug for Hotp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hotp")
            .field("secret", &self.secret)
            .field("algorithm", &self.algorithm)
            .field("digits", &self.digits)
            .finish_non_exhaustive()
    }
}

/// What a check of counter-based codes came to. Wrong is an answer, not an error.
#[must_use = "a code that nobody looked at was not checked"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HotpVerdict {
    /// The code is right. **Store the next counter before letting anybody in**; until that is done the same code can be accepted
    /// again.
    Accepted {
        /// The first counter that is not used yet, from now on.
        next_counter: u64,
    },
    /// The code is none of those looked at. The counter stays as it is.
    Wrong,
    /// The input is not of the form of a code, whatever the secret is.
    Malformed,
}

impl HotpVerdict {
    /// The counter to store, if the code was accepted.
    #[must_use]
    pub const fn next_counter(self) -> Option<u64> {
        match self {
            Self::Accepted { next_counter } => Some(next_counter),
            Self::Wrong | Self::Malformed => None,
        }
    }
}

impl From<Found> for HotpVerdict {
    fn from(found: Found) -> Self {
        match found {
            // The searches above end before the last counter, so that one follows.
            Found::At(counter) => {
                counter.checked_add(1).map_or(Self::Wrong, |next_counter| Self::Accepted { next_counter })
            }
            Found::Stale | Found::Nowhere => Self::Wrong,
            Found::Malformed => Self::Malformed,
        }
    }
}

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
