//! A limiter behind another: asked when the first is out of reach, and only then.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use countersign_clock::{ManualClock, Timestamp};
use countersign_rate_limit::{Charge, Decision, FallbackLimiter, LimitError, MemoryLimiter, RateLimiter};

/// A limiter that can be put out of reach.
#[derive(Debug)]
struct Distant {
    gone: AtomicBool,
    limiter: MemoryLimiter,
}

impl Distant {
    fn new(clock: &ManualClock) -> Arc<Self> {
        Arc::new(Self { gone: AtomicBool::new(false), limiter: MemoryLimiter::new(Arc::new(clock.clone())) })
    }

    fn reach(&self) -> Result<&MemoryLimiter, LimitError> {
        if self.gone.load(Ordering::Relaxed) { Err(LimitError::Unavailable("gone".into())) } else { Ok(&self.limiter) }
    }
}

#[async_trait]
impl RateLimiter for Distant {
    async fn take(&self, charges: &[Charge<'_>]) -> Result<Decision, LimitError> {
        self.reach()?.take(charges).await
    }

    async fn give_back(&self, charges: &[Charge<'_>]) -> Result<(), LimitError> {
        self.reach()?.give_back(charges).await
    }

    async fn clear(&self, charges: &[Charge<'_>]) -> Result<(), LimitError> {
        self.reach()?.clear(charges).await
    }
}

#[tokio::test]
async fn the_second_is_asked_only_while_the_first_is_gone() {
    let clock = ManualClock::at(Timestamp::from_secs(1_700_000_000));
    let (first, second) = (Distant::new(&clock), Distant::new(&clock));
    let both = FallbackLimiter::new(first.clone(), second.clone());
    let charge = [Charge::new("key", "1/1h".parse().unwrap())];
    let allowed = async || both.take(&charge).await.unwrap().is_allowed();

    assert!(allowed().await);
    assert!(!allowed().await, "a denial is an answer, and the second is not asked");
    first.gone.store(true, Ordering::Relaxed);
    assert!(allowed().await);
    assert!(!allowed().await);
    both.give_back(&charge).await.unwrap();
    assert!(allowed().await);
    both.clear(&charge).await.unwrap();
    second.gone.store(true, Ordering::Relaxed);
    assert!(matches!(both.take(&charge).await, Err(LimitError::Unavailable(_))), "both gone is no answer");
    assert!(both.clear(&charge).await.is_err());
    first.gone.store(false, Ordering::Relaxed);
    assert!(!allowed().await, "the first kept its count");
    assert!(matches!(both.take(&[charge[0].weight(2)]).await, Err(LimitError::Invalid(_))));
}
