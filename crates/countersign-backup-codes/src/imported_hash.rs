use std::fmt;

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

use crate::{BackupCodesError, slow_hash::pbkdf2_hmac_sha256};

/// One hash of another system, with its own salt: `pbkdf2_sha256$600000$salt$hash` as Django writes it, or a bcrypt
/// string. A burnt one is stored as the same text without the hash.
#[derive(Clone)]
pub(crate) struct ImportedHash {
    scheme: Scheme,
    hash: Option<Vec<u8>>,
}

#[derive(Clone)]
enum Scheme {
    Pbkdf2Sha256 {
        iterations: u32,
        salt: String,
    },
    /// Version, cost and salt as they are written, the first 29 characters.
    #[cfg(feature = "import-bcrypt")]
    Bcrypt {
        head: String,
    },
}

const HASH_LEN: usize = 32;
const STORED: BackupCodesError = BackupCodesError::Stored("hash of another system");
#[cfg(feature = "import-bcrypt")]
const BCRYPT_HEAD: usize = 29;
#[cfg(feature = "import-bcrypt")]
const BCRYPT_HASH: usize = 31;

impl ImportedHash {
    pub(crate) fn parse(text: &str) -> Result<Self, BackupCodesError> {
        if let Some(rest) = text.strip_prefix("pbkdf2_sha256$") {
            return parse_pbkdf2(rest).ok_or(STORED);
        }
        #[cfg(feature = "import-bcrypt")]
        if text.starts_with("$2") {
            return parse_bcrypt(text).ok_or(STORED);
        }
        Err(STORED)
    }

    /// Iterations of PBKDF2 and rounds of bcrypt.
    pub(crate) fn cost(&self) -> (u64, u64) {
        match &self.scheme {
            Scheme::Pbkdf2Sha256 { iterations, .. } => (u64::from(*iterations), 0),
            #[cfg(feature = "import-bcrypt")]
            Scheme::Bcrypt { head } => {
                // Checked when it was read; what cannot be counted is above every bound.
                let cost = head[4..6].parse().unwrap_or(u32::MAX);
                (0, 1u64.checked_shl(cost).unwrap_or(u64::MAX / 32))
            }
        }
    }

    pub(crate) fn hash(&self, code: &[u8]) -> Result<Zeroizing<Vec<u8>>, BackupCodesError> {
        match &self.scheme {
            Scheme::Pbkdf2Sha256 { iterations, salt } => {
                let mut hash = Zeroizing::new(vec![0; HASH_LEN]);
                pbkdf2_hmac_sha256(code, salt.as_bytes(), *iterations, &mut hash);
                Ok(hash)
            }
            #[cfg(feature = "import-bcrypt")]
            Scheme::Bcrypt { head } => {
                let parts = bcrypt_parts(head).ok_or(STORED)?;
                let text = bcrypt::hash_with_salt(code, parts.get_cost(), parts.get_salt_raw())
                    .map_err(|_| STORED)?
                    .format_for_version(bcrypt::Version::TwoB);
                let text = Zeroizing::new(text);
                Ok(Zeroizing::new(text.as_bytes()[BCRYPT_HEAD..].to_vec()))
            }
        }
    }

    pub(crate) const fn is_live(&self) -> bool {
        self.hash.is_some()
    }

    /// What is stored, or nothing of the same length.
    pub(crate) fn stored(&self) -> &[u8] {
        const NOTHING: [u8; HASH_LEN] = [0; HASH_LEN];
        match (&self.hash, &self.scheme) {
            (Some(hash), _) => hash,
            (None, Scheme::Pbkdf2Sha256 { .. }) => &NOTHING,
            #[cfg(feature = "import-bcrypt")]
            (None, Scheme::Bcrypt { .. }) => &NOTHING[..BCRYPT_HASH],
        }
    }

    pub(crate) fn without_hash(&self) -> Self {
        Self { scheme: self.scheme.clone(), hash: None }
    }
}

impl fmt::Display for ImportedHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.scheme {
            Scheme::Pbkdf2Sha256 { iterations, salt } => {
                let hash = self.hash.as_deref().map(Base64::encode_string).unwrap_or_default();
                write!(f, "pbkdf2_sha256${iterations}${salt}${hash}")
            }
            #[cfg(feature = "import-bcrypt")]
            Scheme::Bcrypt { head } => {
                f.write_str(head)?;
                f.write_str(self.hash.as_deref().and_then(|hash| std::str::from_utf8(hash).ok()).unwrap_or_default())
            }
        }
    }
}

fn parse_pbkdf2(rest: &str) -> Option<ImportedHash> {
    let mut parts = rest.split('$');
    let (iterations, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = iterations.bytes().all(|byte| byte.is_ascii_digit()) && !iterations.starts_with('0');
    let salted = (1..=64).contains(&salt.len()) && salt.bytes().all(|byte| byte.is_ascii_graphic());
    if parts.next().is_some() || !digits || !salted {
        return None;
    }
    let scheme = Scheme::Pbkdf2Sha256 { iterations: iterations.parse().ok()?, salt: salt.to_owned() };
    if hash.is_empty() {
        return Some(ImportedHash { scheme, hash: None });
    }
    let hash = Base64::decode_vec(hash).ok().filter(|hash| hash.len() == HASH_LEN)?;
    Some(ImportedHash { scheme, hash: Some(hash) })
}

#[cfg(feature = "import-bcrypt")]
fn parse_bcrypt(text: &str) -> Option<ImportedHash> {
    let (head, hash) = text.split_at_checked(BCRYPT_HEAD)?;
    // `$2x$` is a faulty algorithm that made other hashes, and the library would take it for the right one.
    let version = ["$2a$", "$2b$", "$2y$"].iter().any(|version| head.starts_with(version));
    if !version || !head.as_bytes()[4..6].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let scheme = Scheme::Bcrypt { head: head.to_owned() };
    bcrypt_parts(head)?;
    if hash.is_empty() {
        return Some(ImportedHash { scheme, hash: None });
    }
    text.parse::<bcrypt::HashParts>().ok()?;
    Some(ImportedHash { scheme, hash: Some(hash.as_bytes().to_vec()) })
}

/// The library reads whole strings alone: the hash that is left out is made up.
#[cfg(feature = "import-bcrypt")]
fn bcrypt_parts(head: &str) -> Option<bcrypt::HashParts> {
    let parts: bcrypt::HashParts = format!("{head}{}", ".".repeat(BCRYPT_HASH)).parse().ok()?;
    (4..=31).contains(&parts.get_cost()).then_some(parts)
}
