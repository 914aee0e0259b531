use base64ct::{Base64Unpadded, Encoding};
use rand_core::TryCryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{Kdf, Workspace, kdf::Kind};
use crate::{BackupCodesError, public::publish};

/// What a password check found.
#[must_use = "a password that is not looked at is not checked"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordCheck {
    /// It is the password.
    Right {
        /// It was hashed with other parameters than are now in use: hash it again and store that.
        rehash: bool,
    },
    /// It is not the password.
    Wrong,
}

const SALT_LEN: usize = 16;
const HASH_LEN: usize = 32;
const MIN_HASH_LEN: usize = 16;
const MAX_HASH_LEN: usize = 64;
/// Longest PHC string that is read, in bytes.
const MAX_PHC_LEN: usize = 256;

impl Kdf {
    /// Hashes a password with a new salt of 16 bytes. Gives a PHC string: `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`.
    ///
    /// # Errors
    /// [`BackupCodesError::OutOfRange`] if the password has more than [`MAX_SECRET_LEN`](Self::MAX_SECRET_LEN) bytes,
    /// [`BackupCodesError::Randomness`], [`BackupCodesError::OutOfMemory`].
    pub fn hash_password<R: TryCryptoRng + ?Sized>(
        &self,
        memory: &mut Workspace,
        password: &[u8],
        rng: &mut R,
    ) -> Result<String, BackupCodesError> {
        let mut salt = [0; SALT_LEN];
        rng.try_fill_bytes(&mut salt).map_err(BackupCodesError::randomness)?;
        let hash = self.derive(memory, password, &salt)?;
        let (salt, hash) = (Base64Unpadded::encode_string(&salt), Base64Unpadded::encode_string(hash.expose_bytes()));
        Ok(format!("{self}${salt}${hash}"))
    }

    /// The parameters of a PHC string that [`verify_password`](Self::verify_password) can check.
    ///
    /// # Errors
    /// [`BackupCodesError::Stored`] if the string does not parse, [`BackupCodesError::TooCostly`] if its parameters
    /// are above the bounds, [`BackupCodesError::OutOfRange`] if they or the salt are out of range.
    pub fn of_password(phc: &str) -> Result<Self, BackupCodesError> {
        let stored = StoredPassword::parse(phc)?;
        Self::check_salt(&stored.salt)?;
        Ok(stored.kdf)
    }

    /// Checks a password against a PHC string, of Argon2id or PBKDF2-HMAC-SHA256, with the parameters that stand in it.
    /// `self` is what is now in use; the answer says whether the two differ.
    ///
    /// For a name that is unknown, [`derive`](Self::derive) with any salt costs the same time.
    ///
    /// # Errors
    /// [`BackupCodesError::Stored`] if the string does not parse, [`BackupCodesError::TooCostly`] if its parameters
    /// are above the bounds, [`BackupCodesError::OutOfRange`] if the password is too long,
    /// [`BackupCodesError::OutOfMemory`].
    pub fn verify_password(
        &self,
        phc: &str,
        memory: &mut Workspace,
        password: &[u8],
    ) -> Result<PasswordCheck, BackupCodesError> {
        let StoredPassword { kdf, salt, hash } = StoredPassword::parse(phc)?;
        let mut found = Zeroizing::new(vec![0; hash.len()]);
        kdf.derive_into(memory, password, &salt, &mut found)?;
        if publish(found.ct_eq(&hash).unwrap_u8()) == 1 {
            let rehash = kdf != *self || salt.len() < SALT_LEN || hash.len() < HASH_LEN;
            Ok(PasswordCheck::Right { rehash })
        } else {
            Ok(PasswordCheck::Wrong)
        }
    }
}

struct StoredPassword {
    kdf: Kdf,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl StoredPassword {
    fn parse(phc: &str) -> Result<Self, BackupCodesError> {
        const STORED: BackupCodesError = BackupCodesError::Stored("password hash");
        if phc.len() > MAX_PHC_LEN {
            return Err(STORED);
        }
        let (rest, hash) = phc.rsplit_once('$').ok_or(STORED)?;
        let (params, salt) = rest.rsplit_once('$').ok_or(STORED)?;
        let kdf = Kdf::danger_parse(params)?;
        let salt = Base64Unpadded::decode_vec(salt).map_err(|_| STORED)?;
        let hash = Base64Unpadded::decode_vec(hash).map_err(|_| STORED)?;
        // PBKDF2 gives the same first bytes whatever the length: a hash that was cut short would still match.
        let lengths = match kdf.kind() {
            Kind::Argon2id { .. } => MIN_HASH_LEN..=MAX_HASH_LEN,
            Kind::Pbkdf2HmacSha256 { .. } => HASH_LEN..=HASH_LEN,
        };
        if lengths.contains(&hash.len()) { Ok(Self { kdf, salt, hash }) } else { Err(STORED) }
    }
}
