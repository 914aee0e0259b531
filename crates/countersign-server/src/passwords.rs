use std::sync::Arc;

use countersign::{
    Generator, HashPool, Randomness,
    backup_codes::{Kdf, slow_hash::PasswordCheck},
};
use countersign_axum::Problem;
use zeroize::Zeroizing;

use crate::password_rules::MAX_LENGTH;

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

    /// Checks a password against the PHC string of an account, or, if there is no such account, against nothing: that
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
}
