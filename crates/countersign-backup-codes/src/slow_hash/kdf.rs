use argon2::{Algorithm, Argon2, Params, Version};
use hmac::Hmac;
use sha2::Sha256;

use super::{Derived, Workspace, params_text};
use crate::BackupCodesError;

/// A slow hash with its parameters. Its text form, in the style of PHC strings, is stored beside what it hashed.
///
/// The default is Argon2id with 19 MiB, two passes and one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kdf(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Argon2id { memory_kib: u32, iterations: u32, lanes: u32 },
    Pbkdf2HmacSha256 { iterations: u32 },
}

impl Kdf {
    /// Shortest salt, in bytes (RFC 9106, section 3.1).
    pub const MIN_SALT_LEN: usize = 8;
    /// Longest salt, in bytes.
    pub const MAX_SALT_LEN: usize = 64;
    /// Longest secret, in bytes.
    pub const MAX_SECRET_LEN: usize = 4096;

    /// Argon2id, version 1.3 (RFC 9106): memory in KiB, passes over it, and lanes (1 to 16).
    ///
    /// The least that is taken is what OWASP names as equally strong: 46 MiB with one pass, 19 MiB with two, 12 MiB
    /// with three, 9 MiB with four, 7 MiB with five or more. The most is 2 GiB, and memory times passes 4 GiB.
    ///
    /// # Errors
    /// [`BackupCodesError::TooWeak`] or [`BackupCodesError::TooCostly`].
    pub fn argon2id(memory_kib: u32, iterations: u32, lanes: u32) -> Result<Self, BackupCodesError> {
        let least = match iterations {
            0 => return Err(BackupCodesError::TooWeak("Argon2id needs a pass")),
            1 => 47_104,
            2 => 19_456,
            3 => 12_288,
            4 => 9_216,
            _ => 7_168,
        };
        if memory_kib < least {
            return Err(BackupCodesError::TooWeak("Argon2id needs more memory for so few passes"));
        }
        Self::bounded(Kind::Argon2id { memory_kib, iterations, lanes })
    }

    /// PBKDF2-HMAC-SHA256 (RFC 8018): 600,000 to 10,000,000 iterations. For those who must: Argon2id makes guessing
    /// dearer.
    ///
    /// # Errors
    /// [`BackupCodesError::TooWeak`] or [`BackupCodesError::TooCostly`].
    pub fn pbkdf2_hmac_sha256(iterations: u32) -> Result<Self, BackupCodesError> {
        if iterations < 600_000 {
            return Err(BackupCodesError::TooWeak("PBKDF2-HMAC-SHA256 needs 600,000 iterations"));
        }
        Self::bounded(Kind::Pbkdf2HmacSha256 { iterations })
    }

    /// Reads the text form that was stored: `$argon2id$v=19$m=19456,t=2,p=1` or `$pbkdf2-sha256$i=600000`.
    ///
    /// Only the upper bounds hold here: what was hashed when the floor was lower must still be checked. Parameters for
    /// new hashes come from [`argon2id`](Self::argon2id) and [`pbkdf2_hmac_sha256`](Self::pbkdf2_hmac_sha256); whoever
    /// takes them from a text asks [`is_strong`](Self::is_strong) too.
    ///
    /// # Errors
    /// [`BackupCodesError::Stored`] if the text is of another form, [`BackupCodesError::TooCostly`] above the bounds.
    pub fn danger_parse(text: &str) -> Result<Self, BackupCodesError> {
        Self::bounded(params_text::parse(text)?)
    }

    /// Whether the parameters are strong enough for new hashes: whether the constructors would take them.
    #[must_use]
    pub fn is_strong(&self) -> bool {
        match self.0 {
            Kind::Argon2id { memory_kib, iterations, lanes } => Self::argon2id(memory_kib, iterations, lanes),
            Kind::Pbkdf2HmacSha256 { iterations } => Self::pbkdf2_hmac_sha256(iterations),
        }
        .is_ok()
    }

    /// How much memory a hash takes, in KiB; `None` for PBKDF2, which takes none to speak of.
    #[must_use]
    pub const fn memory_kib(&self) -> Option<u32> {
        match self.0 {
            Kind::Argon2id { memory_kib, .. } => Some(memory_kib),
            Kind::Pbkdf2HmacSha256 { .. } => None,
        }
    }

    /// How many iterations a hash has; for Argon2id, passes over its memory.
    #[must_use]
    pub const fn iterations(&self) -> u32 {
        match self.0 {
            Kind::Argon2id { iterations, .. } | Kind::Pbkdf2HmacSha256 { iterations } => iterations,
        }
    }

    /// 32 bytes from `secret` and `salt`, slowly. `secret` has at most [`MAX_SECRET_LEN`](Self::MAX_SECRET_LEN) bytes,
    /// `salt` [`MIN_SALT_LEN`](Self::MIN_SALT_LEN) to [`MAX_SALT_LEN`](Self::MAX_SALT_LEN).
    ///
    /// # Errors
    /// [`BackupCodesError::OutOfRange`] for other lengths, [`BackupCodesError::OutOfMemory`].
    pub fn derive(&self, memory: &mut Workspace, secret: &[u8], salt: &[u8]) -> Result<Derived, BackupCodesError> {
        let mut derived = Derived::zeroed();
        self.derive_into(memory, secret, salt, derived.as_mut())?;
        Ok(derived)
    }

    pub(crate) fn derive_into(
        &self,
        memory: &mut Workspace,
        secret: &[u8],
        salt: &[u8],
        out: &mut [u8],
    ) -> Result<(), BackupCodesError> {
        if secret.len() > Self::MAX_SECRET_LEN {
            return Err(BackupCodesError::OutOfRange("the secret is longer than 4096 bytes"));
        }
        Self::check_salt(salt)?;
        match self.0 {
            Kind::Argon2id { memory_kib, iterations, lanes } => {
                let params = Params::new(memory_kib, iterations, lanes, Some(out.len()))
                    .map_err(|_| BackupCodesError::OutOfRange("parameters of Argon2id"))?;
                let count = params.block_count();
                let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
                memory
                    .with_blocks(count, |blocks| argon2.hash_password_into_with_memory(secret, salt, out, blocks))?
                    .map_err(|_| BackupCodesError::OutOfRange("parameters of Argon2id"))
            }
            Kind::Pbkdf2HmacSha256 { iterations } => {
                pbkdf2_hmac_sha256(secret, salt, iterations, out);
                Ok(())
            }
        }
    }

    pub(crate) fn check_salt(salt: &[u8]) -> Result<(), BackupCodesError> {
        if (Self::MIN_SALT_LEN..=Self::MAX_SALT_LEN).contains(&salt.len()) {
            Ok(())
        } else {
            Err(BackupCodesError::OutOfRange("a salt has 8 to 64 bytes"))
        }
    }

    pub(crate) const fn kind(&self) -> Kind {
        self.0
    }

    pub(crate) fn bounded(kind: Kind) -> Result<Self, BackupCodesError> {
        match kind {
            Kind::Argon2id { memory_kib, iterations, lanes } => {
                if !(1..=16).contains(&lanes) {
                    return Err(BackupCodesError::OutOfRange("Argon2id has 1 to 16 lanes"));
                }
                if iterations == 0 || memory_kib < 8 * lanes {
                    return Err(BackupCodesError::OutOfRange("Argon2id needs a pass and 8 KiB a lane"));
                }
                let cost = u64::from(memory_kib) * u64::from(iterations);
                if memory_kib > 2 * 1024 * 1024 || cost > 4 * 1024 * 1024 {
                    return Err(BackupCodesError::TooCostly("Argon2id above 2 GiB, or 4 GiB over all passes"));
                }
            }
            Kind::Pbkdf2HmacSha256 { iterations: 0 } => {
                return Err(BackupCodesError::OutOfRange("PBKDF2 needs an iteration"));
            }
            Kind::Pbkdf2HmacSha256 { iterations } => {
                if iterations > 10_000_000 {
                    return Err(BackupCodesError::TooCostly("PBKDF2 above 10,000,000 iterations"));
                }
            }
        }
        Ok(Self(kind))
    }
}

impl Default for Kdf {
    fn default() -> Self {
        Self(Kind::Argon2id { memory_kib: 19_456, iterations: 2, lanes: 1 })
    }
}

pub(crate) fn pbkdf2_hmac_sha256(secret: &[u8], salt: &[u8], iterations: u32, out: &mut [u8]) {
    // HMAC takes keys of every length, so this gives no error.
    let taken = pbkdf2::pbkdf2::<Hmac<Sha256>>(secret, salt, iterations, out);
    debug_assert!(taken.is_ok(), "HMAC takes keys of every length");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_parameters_are_refused() {
        for (memory_kib, iterations) in
            [(47_103, 1), (19_455, 2), (12_287, 3), (9_215, 4), (7_167, 5), (7_167, 32), (u32::MAX, 0)]
        {
            let kdf = Kdf::argon2id(memory_kib, iterations, 1);
            assert!(matches!(kdf, Err(BackupCodesError::TooWeak(_))), "{memory_kib} KiB, {iterations}");
        }
        for (memory_kib, iterations) in [(47_104, 1), (19_456, 2), (12_288, 3), (9_216, 4), (7_168, 5)] {
            assert!(Kdf::argon2id(memory_kib, iterations, 1).is_ok(), "{memory_kib} KiB, {iterations}");
        }
        assert!(matches!(Kdf::pbkdf2_hmac_sha256(599_999), Err(BackupCodesError::TooWeak(_))));
        assert!(Kdf::pbkdf2_hmac_sha256(600_000).is_ok());
        assert_eq!(Kdf::argon2id(19_456, 2, 1).unwrap(), Kdf::default());
    }

    #[test]
    fn what_is_read_says_whether_it_is_strong() {
        let is_strong = |text| Kdf::danger_parse(text).unwrap().is_strong();
        assert!(is_strong("$argon2id$v=19$m=19456,t=2,p=1") && is_strong("$pbkdf2-sha256$i=600000"));
        assert!(!is_strong("$argon2id$v=19$m=19455,t=2,p=1") && !is_strong("$pbkdf2-sha256$i=599999"));
    }

    #[test]
    fn costly_parameters_are_refused() {
        for (memory_kib, iterations, lanes) in [(2_097_153, 1, 1), (2_097_152, 3, 1), (u32::MAX, u32::MAX, 1)] {
            let kdf = Kdf::argon2id(memory_kib, iterations, lanes);
            assert!(matches!(kdf, Err(BackupCodesError::TooCostly(_))), "{memory_kib} KiB, {iterations}");
        }
        for lanes in [0, 17] {
            assert!(matches!(Kdf::argon2id(65_536, 3, lanes), Err(BackupCodesError::OutOfRange(_))));
        }
        assert!(matches!(Kdf::pbkdf2_hmac_sha256(10_000_001), Err(BackupCodesError::TooCostly(_))));
    }

    #[test]
    fn lengths_outside_the_range_are_refused() {
        let (kdf, mut memory) = (Kdf::bounded(Kind::Pbkdf2HmacSha256 { iterations: 1 }).unwrap(), Workspace::new());
        for (secret, salt) in [(0, 7), (0, 65), (4097, 8)] {
            assert!(kdf.derive(&mut memory, &vec![1; secret], &vec![2; salt]).is_err(), "{secret}, {salt}");
        }
        assert!(kdf.derive(&mut memory, &[1; 4096], &[2; 64]).is_ok());
    }

    #[derive(serde::Deserialize)]
    struct Rfc7914 {
        password: String,
        salt: String,
        iterations: u32,
        derived: String,
    }

    /// Its salts are shorter than ours may be, its outputs longer: so below the bounds.
    #[test]
    fn pbkdf2_agrees_with_rfc_7914() {
        let cases: Vec<Rfc7914> = serde_json::from_str(include_str!("../../tests/data/rfc_7914.json")).unwrap();
        assert_eq!(cases.len(), 2);
        for case in cases {
            let mut derived = [0; 64];
            pbkdf2_hmac_sha256(case.password.as_bytes(), case.salt.as_bytes(), case.iterations, &mut derived);
            let derived: String = derived.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(derived, case.derived);
        }
    }
}
