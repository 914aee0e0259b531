use std::fmt;

use zeroize::Zeroizing;

/// A key of 32 bytes for one purpose, derived from a master key: wiped on drop, never printed, cloned or serialised.
///
/// ```compile_fail,E0277
/// fn copies<T: Clone>() {}
/// copies::<countersign_vault::SubKey>();
/// ```
pub struct SubKey(Box<Zeroizing<[u8; 32]>>);

impl SubKey {
    pub(crate) const fn new(bytes: Box<Zeroizing<[u8; 32]>>) -> Self {
        Self(bytes)
    }

    /// The only way to the bytes.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SubKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubKey([REDACTED])")
    }
}
