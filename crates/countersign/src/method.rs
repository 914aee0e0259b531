use std::fmt;

use serde::{Deserialize, Serialize};

/// How a second factor can be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Method {
    /// A time-based code from an authenticator (RFC 6238).
    Totp,
    /// A counter-based code from a token (RFC 4226).
    Hotp,
    /// A backup code, burnt by its use.
    BackupCode,
}

impl Method {
    /// The name used in answers, records and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Hotp => "hotp",
            Self::BackupCode => "backup_code",
        }
    }

    /// The authentication method reference for a token's `amr` claim (RFC 8176, section 2).
    ///
    /// RFC 8176 has no value of its own for a saved recovery code; it is a one-time password too.
    #[must_use]
    pub const fn amr(self) -> &'static str {
        match self {
            Self::Totp | Self::Hotp | Self::BackupCode => "otp",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
