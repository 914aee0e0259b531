use std::sync::Arc;

use countersign_clock::{Clock, SystemClock};
use countersign_store::Store;
use countersign_vault::Vault;

use crate::{HashPool, Observer, Policy, Randomness, SystemRandom, TwoFactor, observer::Nobody, shell::Shell};

/// Puts a [`TwoFactor`] together. A store, a vault and an issuer have no default; all else has.
#[derive(Debug, Default)]
#[must_use]
pub struct Builder {
    store: Option<Arc<dyn Store>>,
    vault: Option<Arc<Vault>>,
    clock: Option<Arc<dyn Clock>>,
    randomness: Option<Arc<dyn Randomness>>,
    policy: Policy,
    pool: HashPool,
    observer: Option<Arc<dyn Observer>>,
    issuer: Option<Arc<str>>,
}

/// What is missing or does not fit, in one sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// There is nowhere to keep records.
    #[error("a store is needed")]
    Store,
    /// There is nothing to seal secrets with.
    #[error("a vault is needed")]
    Vault,
    /// There is no name for authenticators to show.
    #[error("an issuer is needed: 1 to 64 bytes, without a colon or control characters")]
    Issuer,
}

impl Builder {
    /// Where records are kept.
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// What seals the secrets in them.
    pub fn vault(mut self, vault: Arc<Vault>) -> Self {
        self.vault = Some(vault);
        self
    }

    /// The name authenticators show: 1 to 64 bytes without a colon or control characters.
    pub fn issuer(mut self, issuer: &str) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// What to decide by. Default: [`Policy::default`].
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Where the time comes from. Default: the machine's clock.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Where random bytes come from. Default: the operating system.
    pub fn randomness(mut self, randomness: Arc<dyn Randomness>) -> Self {
        self.randomness = Some(randomness);
        self
    }

    /// Where slow hashes run. Default: [`HashPool::default`].
    pub fn hash_pool(mut self, pool: HashPool) -> Self {
        self.pool = pool;
        self
    }

    /// Who is told of what has been saved. Default: nobody.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// The engine.
    ///
    /// # Errors
    /// [`BuildError`] names what is missing.
    pub fn build(self) -> Result<TwoFactor, BuildError> {
        let issuer = self.issuer.filter(|name| is_issuer(name)).ok_or(BuildError::Issuer)?;
        let shell = Shell::new(
            self.store.ok_or(BuildError::Store)?,
            self.vault.ok_or(BuildError::Vault)?,
            self.clock.unwrap_or_else(|| Arc::new(SystemClock::new())),
            self.randomness.unwrap_or_else(|| Arc::new(SystemRandom)),
            self.policy,
            self.observer.unwrap_or_else(|| Arc::new(Nobody)),
        );
        Ok(TwoFactor::assemble(shell, self.pool, issuer))
    }
}

/// A colon would end the issuer inside the label of the key URI.
fn is_issuer(name: &str) -> bool {
    (1..=64).contains(&name.len()) && !name.contains(':') && !name.chars().any(char::is_control)
}
