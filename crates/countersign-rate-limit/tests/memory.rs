//! The limiter in memory keeps the contract.

use std::{sync::Arc, time::Duration};

use countersign_clock::{ManualClock, Timestamp};
use countersign_rate_limit::{Charge, LimitError, MemoryLimiter, RateLimiter, conformance::Subject};

async fn fresh() -> Subject {
    let clock = ManualClock::at(Timestamp::from_secs(1_700_000_000));
    let limiter = MemoryLimiter::new(Arc::new(clock.clone()));
    Subject::new(Arc::new(limiter), move |duration| clock.advance(duration))
}

countersign_rate_limit::conformance_tests!(fresh());

/// A million keys do not grow it past its bound, running counts stay, and room comes back when windows are over.
#[tokio::test]
async fn it_is_bounded_and_forgets_no_running_count() {
    let clock = ManualClock::at(Timestamp::from_secs(1_700_000_000));
    let limiter = MemoryLimiter::with_capacity(Arc::new(clock.clone()), 10_000);
    let quota = "1/1m".parse().unwrap();
    let running = Charge::new("running", quota);
    assert!(limiter.take(&[running]).await.unwrap().is_allowed());
    let mut refused = 0;
    for number in 0..1_000_000 {
        let key = format!("key-{number}");
        match limiter.take(&[Charge::new(&key, quota)]).await {
            Err(LimitError::Full) => refused += 1,
            other => assert!(other.unwrap().is_allowed()),
        }
    }
    assert!(limiter.len() <= 10_048, "{} keys", limiter.len());
    assert_eq!(refused, 1_000_001 - limiter.len());
    assert!(!limiter.take(&[running]).await.unwrap().is_allowed(), "a running count was forgotten");

    clock.advance(Duration::from_secs(60));
    for number in 0..5000 {
        let key = format!("later-{number}");
        assert!(limiter.take(&[Charge::new(&key, quota)]).await.unwrap().is_allowed());
    }
    assert!(limiter.len() < 10_048, "nothing was swept");
}

/// A step of the wall clock, either way, changes nothing.
#[tokio::test]
async fn it_keeps_to_monotonic_time() {
    let clock = ManualClock::at(Timestamp::from_secs(1_700_000_000));
    let limiter = MemoryLimiter::new(Arc::new(clock.clone()));
    let charge = [Charge::new("key", "1/1m".parse().unwrap())];
    assert!(limiter.take(&charge).await.unwrap().is_allowed());
    for wall in [None, Some(Timestamp::from_secs(1)), Some(Timestamp::from_secs(9_000_000_000))] {
        clock.set(wall);
        assert!(!limiter.take(&charge).await.unwrap().is_allowed());
    }
    clock.advance(Duration::from_secs(60));
    assert!(limiter.take(&charge).await.unwrap().is_allowed());
}
