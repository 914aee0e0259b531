use core::{fmt, str::FromStr};

use crate::OtpError;

/// How many decimal digits a code has: 6, 7 or 8 (RFC 4226, section 5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "u8", into = "u8"))]
pub struct Digits(u8);

impl Digits {
    /// Six digits, which every authenticator shows.
    pub const SIX: Self = Self(6);
    /// Seven digits.
    pub const SEVEN: Self = Self(7);
    /// Eight digits.
    pub const EIGHT: Self = Self(8);

    /// The number of digits.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Default for Digits {
    fn default() -> Self {
        Self::SIX
    }
}

impl TryFrom<u8> for Digits {
    type Error = OtpError;

    /// # Errors
    /// [`OtpError::Digits`] unless the number is 6, 7 or 8.
    fn try_from(digits: u8) -> Result<Self, OtpError> {
        match digits {
            6..=8 => Ok(Self(digits)),
            _ => Err(OtpError::Digits),
        }
    }
}

impl From<Digits> for u8 {
    fn from(digits: Digits) -> Self {
        digits.0
    }
}

impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How long one time step lasts: 15 to 300 whole seconds, 30 by default (the `X` of RFC 6238, section 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "u64", into = "u64"))]
pub struct Period(u16);

impl Period {
    /// Thirty seconds, which every authenticator uses.
    pub const THIRTY_SECONDS: Self = Self(30);

    /// A period of `secs` seconds.
    ///
    /// # Errors
    /// [`OtpError::Period`] outside 15 to 300.
    pub const fn from_secs(secs: u64) -> Result<Self, OtpError> {
        match secs {
            #[expect(clippy::cast_possible_truncation, reason = "the arm admits 15 to 300")]
            15..=300 => Ok(Self(secs as u16)),
            _ => Err(OtpError::Period),
        }
    }

    /// The period in seconds.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0 as u64
    }
}

impl Default for Period {
    fn default() -> Self {
        Self::THIRTY_SECONDS
    }
}

impl TryFrom<u64> for Period {
    type Error = OtpError;

    /// # Errors
    /// [`OtpError::Period`] outside 15 to 300.
    fn try_from(secs: u64) -> Result<Self, OtpError> {
        Self::from_secs(secs)
    }
}

impl From<Period> for u64 {
    fn from(period: Period) -> Self {
        period.as_secs()
    }
}

/// The hash function under the HMAC (RFC 6238, section 1.2).
///
/// SHA-1 is the default because it is the one that every authenticator knows; as HMAC it is not weakened by the
/// collisions found in it. `Display` and `FromStr` use the spelling of the Key URI format (`SHA1`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "UPPERCASE"))]
pub enum Algorithm {
    /// HMAC-SHA-1.
    #[default]
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-512.
    Sha512,
}

impl Algorithm {
    /// How many bytes a fresh secret gets: as many as the hash has (RFC 6238, section 5.1, and its erratum 2866).
    #[must_use]
    pub const fn secret_bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    /// The name in the Key URI format: `SHA1`, `SHA256` or `SHA512`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Algorithm {
    type Err = OtpError;

    /// Reads `SHA1`, `SHA256` or `SHA512`, in any case.
    ///
    /// # Errors
    /// [`OtpError::Algorithm`] for anything else.
    fn from_str(name: &str) -> Result<Self, OtpError> {
        [Self::Sha1, Self::Sha256, Self::Sha512]
            .into_iter()
            .find(|algorithm| name.eq_ignore_ascii_case(algorithm.name()))
            .ok_or(OtpError::Algorithm)
    }
}
