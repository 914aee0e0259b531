use std::fmt;

use zeroize::Zeroizing;

/// Text that lets its holder in: a ticket, a token, a shared secret. Wiped on drop, never printed.
///
/// ```compile_fail,E0277
/// fn copies<T: Clone>() {}
/// copies::<countersign::SecretText>();
/// ```
///
/// ```compile_fail,E0277
/// fn shows<T: std::fmt::Display>() {}
/// shows::<countersign::SecretText>();
/// ```
///
/// ```compile_fail,E0277
/// fn is_stored<T: serde::Serialize>() {}
/// is_stored::<countersign::SecretText>();
/// ```
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The only way to the text.
    #[must_use]
    pub fn expose_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText([REDACTED])")
    }
}
