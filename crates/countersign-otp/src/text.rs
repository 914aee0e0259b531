use alloc::string::String;
#[cfg(feature = "qr")]
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

/// Text that holds a secret: wiped on drop, never printed by accident.
///
/// ```compile_fail,E0277
/// fn prints<T: std::fmt::Display>(_: T) {}
/// prints(countersign_otp::Secret::from([0; 20]).to_base32());
/// ```
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    pub(crate) fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text, to be shown to the one person it is meant for. What is copied out of it is not wiped.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText([REDACTED])")
    }
}

/// Bytes that hold a secret, such as an image of a key URI: wiped on drop, never printed by accident.
#[cfg(feature = "qr")]
pub struct SecretBytes(Zeroizing<Vec<u8>>);

#[cfg(feature = "qr")]
impl SecretBytes {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, to be shown to the one person they are meant for. What is copied out of them is not wiped.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(feature = "qr")]
impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes([REDACTED])")
    }
}
