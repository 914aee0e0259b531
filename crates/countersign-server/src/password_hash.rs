use countersign::backup_codes::{BackupCodesError, slow_hash::Kdf};

/// The hash of a password that another system made, of a form that is checked at a sign-in and of a bounded cost: to check
/// it takes about a second at most, and no more memory than the server can spare.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PasswordHash(String);

/// Why a password hash of another system is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HashProblem {
    /// It is of no form that is known.
    #[error("is neither Argon2id nor PBKDF2-HMAC-SHA256 as a PHC string, nor bcrypt (`$2a$`, `$2b$`, `$2y$`)")]
    Unknown,
    /// It is of a known form and cannot be read.
    #[error("is damaged or cut short")]
    Malformed,
    /// To check it would take too long, or too much memory.
    #[error(
        "is too costly to check: bcrypt has at most cost 14, PBKDF2 2,000,000 iterations, Argon2id 128 MiB and 1 GiB over all passes"
    )]
    TooCostly,
}

/// The dearest bcrypt hash that is looked at, as a power of two.
pub(crate) const MAX_BCRYPT_COST: u32 = 14;

const MAX_PBKDF2_ITERATIONS: u32 = 2_000_000;
const MAX_ARGON2_MEMORY_KIB: u32 = 128 * 1024;
/// Memory times passes.
const MAX_ARGON2_WORK_KIB: u64 = 1024 * 1024;

impl PasswordHash {
    /// Reads the text form.
    ///
    /// # Errors
    /// [`HashProblem`].
    pub(crate) fn parse(text: &str) -> Result<Self, HashProblem> {
        if is_bcrypt(text) {
            check_bcrypt(text)?;
        } else if text.starts_with("$argon2id$") || text.starts_with("$pbkdf2-sha256$") {
            check_phc(text)?;
        } else {
            return Err(HashProblem::Unknown);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// `$2x$` marks hashes of a faulty implementation.
fn is_bcrypt(text: &str) -> bool {
    ["$2a$", "$2b$", "$2y$"].iter().any(|version| text.starts_with(version))
}

/// A cost of two digits, and 22 characters of salt and 31 of hash.
fn check_bcrypt(text: &str) -> Result<(), HashProblem> {
    let (cost, rest) = text[4..].split_once('$').ok_or(HashProblem::Malformed)?;
    let of_its_alphabet = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'/';
    if cost.len() != 2 || rest.len() != 53 || !rest.bytes().all(of_its_alphabet) {
        return Err(HashProblem::Malformed);
    }
    match cost.bytes().all(|byte| byte.is_ascii_digit()).then(|| cost.parse::<u32>()) {
        Some(Ok(4..=MAX_BCRYPT_COST)) => Ok(()),
        Some(Ok(cost)) if cost > MAX_BCRYPT_COST => Err(HashProblem::TooCostly),
        _ => Err(HashProblem::Malformed),
    }
}

fn check_phc(text: &str) -> Result<(), HashProblem> {
    let kdf = Kdf::of_password(text).map_err(|error| match error {
        BackupCodesError::TooCostly(_) => HashProblem::TooCostly,
        _ => HashProblem::Malformed,
    })?;
    let fits = match kdf.memory_kib() {
        None => kdf.iterations() <= MAX_PBKDF2_ITERATIONS,
        Some(memory) => {
            memory <= MAX_ARGON2_MEMORY_KIB && u64::from(memory) * u64::from(kdf.iterations()) <= MAX_ARGON2_WORK_KIB
        }
    };
    if fits { Ok(()) } else { Err(HashProblem::TooCostly) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: &str = "MDEyMzQ1Njc4OWFiY2RlZg";
    const HASH: &str = "1F681OQWJgIjanYgatrXZNy5fckQDrEL6X7vb2z7y+M";
    const BCRYPT: &str = "abcdefghijklmnopqrstuuWmrX/toxJOfiI2ZZ0QfIe.4aART8CiC";

    #[test]
    fn hashes_that_are_checked_at_a_sign_in_are_taken() {
        for text in [
            format!("$2a$10${BCRYPT}"),
            format!("$2b$04${BCRYPT}"),
            format!("$2y$14${BCRYPT}"),
            format!("$argon2id$v=19$m=19456,t=2,p=1${SALT}${HASH}"),
            format!("$argon2id$v=19$m=131072,t=8,p=4${SALT}${HASH}"),
            format!("$pbkdf2-sha256$i=1000${SALT}${HASH}"),
            format!("$pbkdf2-sha256$i=2000000,l=32${SALT}${HASH}"),
        ] {
            assert_eq!(PasswordHash::parse(&text).map(|hash| hash.0), Ok(text));
        }
    }

    #[test]
    fn what_would_keep_the_server_busy_is_refused() {
        for text in [
            format!("$2b$15${BCRYPT}"),
            format!("$2b$31${BCRYPT}"),
            format!("$2b$99${BCRYPT}"),
            format!("$argon2id$v=19$m=131073,t=1,p=1${SALT}${HASH}"),
            format!("$argon2id$v=19$m=131072,t=9,p=1${SALT}${HASH}"),
            format!("$argon2id$v=19$m=8192,t=4294967295,p=1${SALT}${HASH}"),
            format!("$argon2id$v=19$m=4194304,t=1,p=1${SALT}${HASH}"),
            format!("$pbkdf2-sha256$i=2000001${SALT}${HASH}"),
            format!("$pbkdf2-sha256$i=2147483648${SALT}${HASH}"),
        ] {
            assert_eq!(PasswordHash::parse(&text).err(), Some(HashProblem::TooCostly), "{text}");
        }
    }

    #[test]
    fn what_could_never_be_right_is_refused() {
        for text in [
            format!("$2b$10${}", &BCRYPT[1..]),
            format!("$2b$10${BCRYPT}."),
            format!("$2b$10${}", BCRYPT.replace('/', "+")),
            format!("$2b$+9${BCRYPT}"),
            format!("$2b$03${BCRYPT}"),
            format!("$2b$4${BCRYPT}"),
            "$2b$".to_owned(),
            "$2b$10$".to_owned(),
            "$argon2id$".to_owned(),
            format!("$argon2id$v=19$m=19456,t=2,p=1${SALT}"),
            format!("$argon2id$v=19$m=19456,t=2,p=1${SALT}${HASH}="),
            format!("$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1${HASH}"),
            format!("$argon2id$v=19$m=19456,t=2,p=17${SALT}${HASH}"),
            format!("$pbkdf2-sha256$29000${SALT}${HASH}"),
            format!("$pbkdf2-sha256$i=4294967296${SALT}${HASH}"),
        ] {
            assert_eq!(PasswordHash::parse(&text).err(), Some(HashProblem::Malformed), "{text}");
        }
        for text in [
            "",
            "hunter2",
            "5f4dcc3b5aa765d61d8327deb882cf99",
            "$2x$10$abcdefghijklmnopqrstuuWmrX/toxJOfiI2ZZ0QfIe.4aART8CiC",
            "$argon2i$v=19$m=4096,t=3,p=1$c2FsdHNhbHQ$aGFzaA",
            "pbkdf2_sha256$600000$salt$hash",
        ] {
            assert_eq!(PasswordHash::parse(text).err(), Some(HashProblem::Unknown), "{text}");
        }
    }
}
