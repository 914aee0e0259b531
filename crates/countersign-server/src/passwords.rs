use std::sync::Arc;

use countersign::{
    Generator, HashPool, Randomness,
    backup_codes::{Kdf, slow_hash::PasswordCheck},
};
use countersign_axum::Problem;
use zeroize::Zeroizing;

use crate::{password_hash::MAX_BCRYPT_COST, password_rules::MAX_LENGTH};

/// Hashes and checks passwords, in the engine's bounded pool.
#[derive(Clone, Debug)]
pub(crate) struct Passwords {
    pool: HashPool,
    kdf: Kdf,
    randomness: Arc<dyn Randomness>,
}

/// What a check of a password found.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checked {
    /// It is the account's.
    Right {
        /// Its hash has other parameters than new ones get.
        outdated: bool,
    },
    /// It is not, or there is no such account.
    Wrong,
}

impl Passwords {
    /// Hashes with Argon2id, 19 MiB and two passes.
    #[must_use]
    pub(crate) fn new(pool: HashPool, randomness: Arc<dyn Randomness>) -> Self {
        Self { pool, kdf: Kdf::default(), randomness }
    }

    /// The PHC string of a new password.
    ///
    /// # Errors
    /// 503 `busy` or `unavailable`.
    pub(crate) async fn hash(&self, password: &str) -> Result<String, Problem> {
        let (kdf, randomness) = (self.kdf, Arc::clone(&self.randomness));
        let password = Zeroizing::new(password.to_owned());
        let hashed =
            self.pool.run(move |memory| kdf.hash_password(memory, password.as_bytes(), &mut Generator(&*randomness)));
        hashed.await.map_err(|_| Problem::busy())?.map_err(unavailable)
    }

    /// Checks a password against the stored hash of an account (Argon2id or PBKDF2-HMAC-SHA256 as PHC string, or bcrypt), or, if there is no such account, against nothing: that
    /// takes one slow hash too.
    ///
    /// # Errors
    /// 503 `busy` or `unavailable`.
    pub(crate) async fn check(&self, stored: Option<&str>, password: &str) -> Result<Checked, Problem> {
        let (kdf, stored) = (self.kdf, stored.map(str::to_owned));
        // One that is too long for any account costs what the others cost.
        let fits = password.chars().count() <= MAX_LENGTH;
        let password = Zeroizing::new(if fits { password.to_owned() } else { String::new() });
        let checked = self.pool.run(move |memory| match stored {
            Some(stored) if fits && stored.starts_with("$2") => Ok(check_bcrypt(&password, &stored)),
            Some(stored) if fits => kdf.verify_password(&stored, memory, password.as_bytes()),
            _ => kdf.derive(memory, password.as_bytes(), NOBODY).map(|_| PasswordCheck::Wrong),
        });
        match checked.await.map_err(|_| Problem::busy())?.map_err(unavailable)? {
            PasswordCheck::Right { rehash } => Ok(Checked::Right { outdated: rehash }),
            PasswordCheck::Wrong => Ok(Checked::Wrong),
        }
    }
}

/// The salt of the hash for an address without an account: as long as a real one, its content means nothing.
const NOBODY: &[u8] = b"nobody is at hom";

/// A hash that another system left behind; once it was right, it is replaced.
fn check_bcrypt(password: &str, stored: &str) -> PasswordCheck {
    let cost = stored.split('$').nth(2).and_then(|cost| cost.parse().ok());
    let bounded = cost.is_some_and(|cost: u32| cost <= MAX_BCRYPT_COST);
    // What is no bcrypt hash matches no password.
    if bounded && bcrypt::verify(password, stored).unwrap_or(false) {
        PasswordCheck::Right { rehash: true }
    } else {
        PasswordCheck::Wrong
    }
}

fn unavailable(error: countersign::backup_codes::BackupCodesError) -> Problem {
    tracing::error!(error = &error as &dyn std::error::Error, "a password could not be hashed");
    Problem::unavailable()
}

#[cfg(test)]
mod tests {
    use countersign::SystemRandom;

    use super::*;

    #[tokio::test]
    async fn only_the_accounts_own_password_is_right() {
        let passwords = Passwords::new(HashPool::default(), Arc::new(SystemRandom));
        let stored = passwords.hash("a quiet sentence").await.unwrap();
        let check = async |stored: Option<&str>, password: &str| passwords.check(stored, password).await.unwrap();
        assert_eq!(check(Some(&stored), "a quiet sentence").await, Checked::Right { outdated: false });
        assert_eq!(check(Some(&stored), "a quiet sentencE").await, Checked::Wrong);
        assert_eq!(check(None, "a quiet sentence").await, Checked::Wrong);
        assert_eq!(check(Some(&stored), &"a".repeat(2000)).await, Checked::Wrong);
    }
    #[tokio::test]
    async fn hashes_of_other_systems_are_right_and_outdated() {
        let passwords = Passwords::new(HashPool::default(), Arc::new(SystemRandom));
        // By crypt(3) of libxcrypt, and by Python's hashlib.pbkdf2_hmac.
        for stored in [
            "$2b$04$abcdefghijklmnopqrstuuSr2.B/Ju.AfeKemr4lJGjybFRJV30Ja",
            "$2a$04$abcdefghijklmnopqrstuuSr2.B/Ju.AfeKemr4lJGjybFRJV30Ja",
            "$pbkdf2-sha256$i=1000,l=32$MDEyMzQ1Njc4OWFiY2RlZg$4goQCdIvBs6JcmOM1yFvWn+N+0wB+dfOsUycvtM9VdQ",
        ] {
            let check = async |password: &str| passwords.check(Some(stored), password).await.unwrap();
            assert_eq!(check("a quiet sentence").await, Checked::Right { outdated: true }, "{stored}");
            assert_eq!(check("a quiet sentencE").await, Checked::Wrong, "{stored}");
        }
        for stored in ["$2b$31$abcdefghijklmnopqrstuuSr2.B/Ju.AfeKemr4lJGjybFRJV30Ja", "$2b$04$", "$2"] {
            assert_eq!(passwords.check(Some(stored), "a quiet sentence").await.unwrap(), Checked::Wrong, "{stored}");
        }
    }
}
