use std::fmt;

use zeroize::Zeroizing;

/// 32 bytes that a slow hash gave: wiped on drop, never printed, cloned or serialised.
///
/// ```compile_fail,E0277
/// fn copies<T: Clone>() {}
/// copies::<countersign_backup_codes::Derived>();
/// ```
// Boxed, so that moving it moves a pointer and leaves no copy behind.
pub struct Derived(Box<Zeroizing<[u8; 32]>>);

impl Derived {
    pub(crate) fn zeroed() -> Self {
        Self(Box::new(Zeroizing::new([0; 32])))
    }

    pub(crate) fn as_mut(&mut self) -> &mut [u8; 32] {
        &mut self.0
    }

    /// The only way to the bytes.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Derived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Derived([REDACTED])")
    }
}
