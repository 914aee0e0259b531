use std::sync::Arc;

use async_trait::async_trait;

use crate::{Charge, Decision, LimitError, RateLimiter};

/// A limiter that is asked when another is out of reach: Redis first, say, and the database while Redis is gone.
///
/// Each counts for itself. An attempt that the first was asked about without an answer may be counted by both, and a
/// change from one to the other starts from what the other has counted, so while it changes to and fro up to the sum of
/// both may get through. Only [`LimitError::Unavailable`] goes to the second; without this wrapper that refuses.
#[derive(Clone, Debug)]
pub struct FallbackLimiter {
    first: Arc<dyn RateLimiter>,
    second: Arc<dyn RateLimiter>,
}

impl FallbackLimiter {
    /// Asks `first`, and `second` when `first` is out of reach.
    #[must_use]
    pub fn new(first: Arc<dyn RateLimiter>, second: Arc<dyn RateLimiter>) -> Self {
        Self { first, second }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl RateLimiter for FallbackLimiter {
    async fn take(&self, charges: &[Charge<'_>]) -> Result<Decision, LimitError> {
        match self.first.take(charges).await {
            Err(LimitError::Unavailable(_)) => self.second.take(charges).await,
            decided => decided,
        }
    }

    async fn give_back(&self, charges: &[Charge<'_>]) -> Result<(), LimitError> {
        match self.first.give_back(charges).await {
            Err(LimitError::Unavailable(_)) => self.second.give_back(charges).await,
            done => done,
        }
    }

    /// Clears both: which of them counted is not known any more.
    async fn clear(&self, charges: &[Charge<'_>]) -> Result<(), LimitError> {
        let first = self.first.clear(charges).await;
        self.second.clear(charges).await?;
        match first {
            Err(LimitError::Unavailable(_)) => Ok(()),
            done => done,
        }
    }
}
