use core::fmt;

use rand_core::TryCryptoRng;
use zeroize::Zeroize;

use crate::{Algorithm, OtpError, base32, wipe::wipe};

/// The key shared with one authenticator: wiped on drop, never printed, copied, compared or serialised.
///
/// It lies where the value lies, without a heap allocation. Rust moves values by copying their bytes, and what a move
/// leaves behind is not wiped; keep a secret in one place, or in a `Box`, where that matters.
///
/// ```compile_fail,E0277
/// fn copies<T: Clone>(_: T) {}
/// copies(countersign_otp::Secret::from([0; 20]));
/// ```
///
/// ```compile_fail,E0277
/// fn serialises<T: serde::Serialize>(_: T) {}
/// serialises(countersign_otp::Secret::from([0; 20]));
/// ```
///
/// ```compile_fail,E0277
/// println!("{}", countersign_otp::Secret::from([0; 20])); // no `Display`
/// ```
///
/// ```compile_fail,E0369
/// # use countersign_otp::Secret;
/// let same = Secret::from([0; 20]) == Secret::from([0; 20]); // an `==` would invite a comparison that leaks
/// ```
pub struct Secret {
    bytes: [u8; Self::MAX_BYTES],
    len: u8,
}

impl Secret {
    /// The longest secret, in bytes: one block of SHA-512.
    pub const MAX_BYTES: usize = 128;
    /// The shortest secret, in bytes: the 128 bits that RFC 4226, section 4, R6 demands.
    pub const MIN_BYTES: usize = 16;
    /// The shortest secret that the `danger_` constructors take, in bytes: 80 bits.
    pub const MIN_BYTES_DANGER: usize = 10;

    /// A fresh secret, as long as the hash of `algorithm`: 160, 256 or 512 bits, every one from `rng`.
    ///
    /// # Errors
    /// What `rng` reports when it has no randomness to give.
    pub fn generate<R: TryCryptoRng + ?Sized>(rng: &mut R, algorithm: Algorithm) -> Result<Self, R::Error> {
        let mut secret = Self::zeroed(algorithm.secret_bytes());
        rng.try_fill_bytes(secret.as_mut_bytes())?;
        Ok(secret)
    }

    /// The secret made of these bytes, 16 to 128 of them.
    ///
    /// # Errors
    /// [`OtpError::SecretTooShort`] or [`OtpError::SecretTooLong`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, OtpError> {
        Self::checked(bytes, Self::MIN_BYTES)
    }

    /// The secret that this Base32 text (RFC 4648, section 6) stands for, 128 bits or more.
    ///
    /// Letters may be of either case; spaces and dashes are skipped; padding may be missing. Digits that stand for
    /// look-alike letters (`0`, `1`, `8`, `9`), padding before the end, impossible lengths and left-over bits that are not zero are
    /// refused. The work does not depend on the letters, only on how many there are and where the separators stand.
    ///
    /// # Errors
    /// [`OtpError::Base32`], [`OtpError::SecretTooShort`] or [`OtpError::SecretTooLong`].
    pub fn from_base32(text: &str) -> Result<Self, OtpError> {
        Self::decoded(text, Self::MIN_BYTES)
    }

    /// As [`from_bytes`](Self::from_bytes), for a secret that exists already and is shorter than it should be: 80 bits or
    /// more. Fewer than 128 bits violate RFC 4226, section 4, R6; take such a secret in only to replace it.
    ///
    /// # Errors
    /// [`OtpError::SecretTooShort`] or [`OtpError::SecretTooLong`].
    pub fn danger_from_short_bytes(bytes: &[u8]) -> Result<Self, OtpError> {
        Self::checked(bytes, Self::MIN_BYTES_DANGER)
    }

    /// As [`from_base32`](Self::from_base32), for a secret that exists already and is shorter than it should be: 80 bits
    /// or more. Fewer than 128 bits violate RFC 4226, section 4, R6; take such a secret in only to replace it.
    ///
    /// # Errors
    /// [`OtpError::Base32`], [`OtpError::SecretTooShort`] or [`OtpError::SecretTooLong`].
    pub fn danger_from_short_base32(text: &str) -> Result<Self, OtpError> {
        Self::decoded(text, Self::MIN_BYTES_DANGER)
    }

    /// The bytes. The only way to them, so that a search for `expose_bytes` is the audit.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// How many bits the secret has.
    #[must_use]
    pub fn bits(&self) -> usize {
        usize::from(self.len) * 8
    }

    /// The Base32 text (RFC 4648, section 6), in upper case and without padding, as authenticators want it typed.
    ///
    /// The work does not depend on the bytes, only on their number.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn to_base32(&self) -> crate::SecretText {
        base32::encode(self.expose_bytes())
    }

    /// A second copy. Not `Clone`, so that copies are made in this crate alone, where a value owns its own.
    #[cfg(feature = "alloc")]
    pub(crate) fn duplicate(&self) -> Self {
        Self { bytes: self.bytes, len: self.len }
    }

    fn checked(bytes: &[u8], min: usize) -> Result<Self, OtpError> {
        if bytes.len() < min {
            return Err(OtpError::SecretTooShort);
        }
        if bytes.len() > Self::MAX_BYTES {
            return Err(OtpError::SecretTooLong);
        }
        let mut secret = Self::zeroed(bytes.len());
        secret.as_mut_bytes().copy_from_slice(bytes);
        Ok(secret)
    }

    fn decoded(text: &str, min: usize) -> Result<Self, OtpError> {
        let mut secret = Self::zeroed(Self::MAX_BYTES);
        let len = base32::decode(text, &mut secret.bytes)?;
        if usize::from(len) < min {
            return Err(OtpError::SecretTooShort);
        }
        secret.len = len;
        Ok(secret)
    }

    /// Room for `len` bytes, which the callers have checked or cut to [`Self::MAX_BYTES`].
    fn zeroed(len: usize) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "cut to 128")]
        Self { bytes: [0; Self::MAX_BYTES], len: len.min(Self::MAX_BYTES) as u8 }
    }

    fn as_mut_bytes(&mut self) -> &mut [u8] {
        &mut self.bytes[..usize::from(self.len)]
    }
}

/// Cannot fail: an array of fewer than 16 or more than 128 bytes does not compile.
///
/// ```compile_fail,E0080
/// countersign_otp::Secret::from(*b"far too short");
/// ```
impl<const N: usize> From<[u8; N]> for Secret {
    fn from(mut bytes: [u8; N]) -> Self {
        const { assert!(N >= Self::MIN_BYTES && N <= Self::MAX_BYTES, "a secret has 16 to 128 bytes") };
        let mut secret = Self::zeroed(N);
        secret.as_mut_bytes().copy_from_slice(&bytes);
        bytes.zeroize();
        secret
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([REDACTED])")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        wipe(&mut self.bytes);
    }
}
