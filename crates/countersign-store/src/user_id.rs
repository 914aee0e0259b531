use std::{fmt, str::FromStr};

use crate::StoreError;

/// The name a host gives a user: opaque text, compared byte by byte.
///
/// 1 to 128 bytes of UTF-8 without control characters. Two spellings are two users: nothing is folded, trimmed or
/// normalised here, so the host brings names into one form before it asks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(Box<str>);

impl UserId {
    /// The longest id, in bytes.
    pub const MAX_BYTES: usize = 128;

    /// Takes `id` as it is.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if it is empty, longer than [`MAX_BYTES`](Self::MAX_BYTES) or has a control character.
    pub fn new(id: impl Into<String>) -> Result<Self, StoreError> {
        let id = id.into();
        if is_name(&id) { Ok(Self(id.into())) } else { Err(StoreError::Invalid("user id")) }
    }

    /// The id as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for UserId {
    type Err = StoreError;

    fn from_str(id: &str) -> Result<Self, Self::Err> {
        Self::new(id)
    }
}

/// What every name in this crate must be: short, not empty, printable on one line, free of NUL (which PostgreSQL's
/// text cannot hold).
pub(crate) fn is_name(text: &str) -> bool {
    (1..=UserId::MAX_BYTES).contains(&text.len()) && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_counted_in_bytes() {
        assert!(UserId::new("é".repeat(64)).is_ok());
        assert!(UserId::new("é".repeat(65)).is_err());
        assert!(UserId::new("").is_err());
    }

    #[test]
    fn control_characters_are_refused() {
        for id in ["a\0b", "a\nb", "\u{7f}", "\u{85}"] {
            assert!(UserId::new(id).is_err(), "{id:?}");
        }
        assert!(UserId::new(" a'\"%_\\;-- ").is_ok());
    }
}
