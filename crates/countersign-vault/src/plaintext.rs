use std::fmt;

use zeroize::Zeroizing;

/// What a sealed value held: wiped on drop, never printed, cloned or serialised.
///
/// ```compile_fail,E0277
/// fn copies<T: Clone>() {}
/// copies::<countersign_vault::Plaintext>();
/// ```
/// ```compile_fail,E0277
/// fn writes<T: serde::Serialize>() {}
/// writes::<countersign_vault::Plaintext>();
/// ```
pub struct Plaintext(Zeroizing<Vec<u8>>);

impl Plaintext {
    pub(crate) const fn new(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    /// The only way to the bytes.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Plaintext {
    /// Takes the bytes over; they are wiped when the value is dropped.
    fn from(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl fmt::Debug for Plaintext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plaintext([REDACTED])")
    }
}
