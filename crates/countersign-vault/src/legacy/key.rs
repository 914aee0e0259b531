use std::fmt;

use zeroize::{Zeroize, Zeroizing};

use crate::VaultError;

/// The key of another system: wiped on drop, never printed, cloned or serialised. It is taken as it is, weak or not: what
/// it sealed must be read before it can be replaced.
///
/// ```compile_fail,E0277
/// fn copies<T: Clone>() {}
/// copies::<countersign_vault::legacy::LegacyKey>();
/// ```
pub struct LegacyKey(Box<Zeroizing<[u8; 32]>>);

impl LegacyKey {
    /// The key with these bytes.
    #[must_use]
    pub fn from_bytes(mut bytes: [u8; 32]) -> Self {
        let mut key = Box::new(Zeroizing::new([0; 32]));
        key.copy_from_slice(&bytes);
        bytes.zeroize();
        Self(key)
    }

    /// The key written as 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`VaultError::MalformedKey`] if it is written in another way.
    pub fn from_hex(text: &str) -> Result<Self, VaultError> {
        let mut key = Box::new(Zeroizing::new([0; 32]));
        match base16ct::mixed::decode(text, key.as_mut_slice()) {
            Ok(decoded) if decoded.len() == 32 => Ok(Self(key)),
            _ => Err(VaultError::MalformedKey),
        }
    }

    pub(super) fn expose_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for LegacyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LegacyKey([REDACTED])")
    }
}
