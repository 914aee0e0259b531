use std::fmt;

/// What the user typed.
#[derive(Clone, Copy)]
pub enum Answer<'a> {
    /// A code of an authenticator: ASCII digits; the ASCII space is skipped.
    Code(&'a str),
    /// Two codes in a row of a counter-based token that was pressed too often (RFC 4226, section 7.4). As good as a code.
    Resync {
        /// The earlier one.
        first: &'a str,
        /// The one right after it.
        second: &'a str,
    },
    /// A backup code; case, dashes, spaces and look-alikes are forgiven.
    BackupCode(&'a str),
}

impl fmt::Debug for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Code(_) => "Code([REDACTED])",
            Self::Resync { .. } => "Resync([REDACTED])",
            Self::BackupCode(_) => "BackupCode([REDACTED])",
        })
    }
}
