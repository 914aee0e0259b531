use std::fmt;

use rand_core::TryCryptoRng;
use zeroize::{Zeroize, Zeroizing};

use crate::{VaultError, weak_keys};

/// A key of 256 bits from which all others are derived: wiped on drop, never printed, cloned or serialised.
///
/// ```compile_fail,E0277
/// fn copies<T: Clone>() {}
/// copies::<countersign_vault::MasterKey>();
/// ```
/// ```compile_fail,E0277
/// fn writes<T: serde::Serialize>() {}
/// writes::<countersign_vault::MasterKey>();
/// ```
/// ```compile_fail,E0277
/// fn prints<T: std::fmt::Display>() {}
/// prints::<countersign_vault::MasterKey>();
/// ```
// Boxed, so that moving the key moves a pointer and leaves no copy behind.
pub struct MasterKey(Box<Zeroizing<[u8; Self::LEN]>>);

impl MasterKey {
    /// Bytes of a key.
    pub const LEN: usize = 32;

    /// A new key from the generator, which must be the operating system's or one seeded by it.
    ///
    /// # Errors
    /// [`VaultError::Randomness`] if the generator fails, [`VaultError::WeakKey`] if what it gives is not random.
    pub fn generate<R: TryCryptoRng + ?Sized>(rng: &mut R) -> Result<Self, VaultError> {
        let mut key = Box::new(Zeroizing::new([0; Self::LEN]));
        rng.try_fill_bytes(key.as_mut_slice()).map_err(VaultError::randomness)?;
        Self::checked(key)
    }

    /// The key with these bytes.
    ///
    /// # Errors
    /// [`VaultError::WeakKey`] for keys that can be guessed: repeated bytes or blocks, sequences, text, keys that were
    /// published as examples.
    pub fn from_bytes(mut bytes: [u8; Self::LEN]) -> Result<Self, VaultError> {
        let mut key = Box::new(Zeroizing::new([0; Self::LEN]));
        key.copy_from_slice(&bytes);
        bytes.zeroize();
        Self::checked(key)
    }

    /// The key written as 64 hexadecimal digits, in either case and with nothing around them. Decoded in constant time.
    ///
    /// # Errors
    /// [`VaultError::MalformedKey`] if it is written in another way, [`VaultError::WeakKey`] as for
    /// [`from_bytes`](Self::from_bytes).
    pub fn from_hex(text: &str) -> Result<Self, VaultError> {
        let mut key = Box::new(Zeroizing::new([0; Self::LEN]));
        match base16ct::mixed::decode(text, key.as_mut_slice()) {
            Ok(decoded) if decoded.len() == Self::LEN => {}
            _ => return Err(VaultError::MalformedKey),
        }
        Self::checked(key)
    }

    /// The only way to the bytes.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    fn checked(key: Box<Zeroizing<[u8; Self::LEN]>>) -> Result<Self, VaultError> {
        weak_keys::refuse(&key)?;
        Ok(Self(key))
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey([REDACTED])")
    }
}
