use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{BackupCodesError, Derived};

/// A key outside the database, without which the digests of a set cannot be made.
pub(crate) struct Pepper(Box<Zeroizing<[u8; 32]>>);

impl Pepper {
    /// Longest id of a pepper, in bytes.
    pub(crate) const MAX_ID_LEN: usize = 64;

    pub(crate) fn new(key: &[u8; 32]) -> Self {
        let mut copy = Box::new(Zeroizing::new([0; 32]));
        copy.copy_from_slice(key);
        Self(copy)
    }

    /// HMAC-SHA256 of what the slow hash gave, in its place.
    pub(crate) fn season(&self, derived: &mut Derived) {
        // A key of less than one block is padded with zeros (RFC 2104, section 2).
        let mut block = Zeroizing::new([0; 64]);
        block[..32].copy_from_slice(self.0.as_slice());
        let mac = Hmac::<Sha256>::new((&*block).into()).chain_update(derived.expose_bytes());
        derived.as_mut().copy_from_slice(&mac.finalize().into_bytes());
    }

    pub(crate) fn check_id(id: &str) -> Result<(), BackupCodesError> {
        if id.is_empty() || id.len() > Self::MAX_ID_LEN || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(BackupCodesError::OutOfRange("the id of a pepper is 1 to 64 visible ASCII characters"));
        }
        Ok(())
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper([REDACTED])")
    }
}
