//! The limiter on Redis keeps the contract, with two connections as two processes would have.
//!
//! These need a server: `scripts/services.sh start FOLDER && . FOLDER/env`.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that fails panics")]

use std::{
    process,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use countersign_clock::{ManualClock, Timestamp};
use countersign_rate_limit::{Charge, Decision, RateLimiter, conformance::Subject};
use countersign_redis::RedisLimiter;

#[expect(clippy::disallowed_methods, reason = "where the server is cannot be known otherwise")]
async fn limiter(prefix: &str) -> RedisLimiter {
    let url = std::env::var("COUNTERSIGN_TEST_REDIS_URL").expect(
        "COUNTERSIGN_TEST_REDIS_URL is not set: start a server with `scripts/services.sh start FOLDER`, then `. FOLDER/env`",
    );
    RedisLimiter::connect(&url).await.expect("the Redis server of the tests").prefix(prefix).unwrap()
}

/// Keys that no other test and no other run uses.
fn unused() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("test-{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

async fn fresh() -> Subject {
    let clock = ManualClock::at(Timestamp::from_secs(1_700_000_000));
    let prefix = unused();
    let one = limiter(&prefix).await.with_clock(Arc::new(clock.clone()));
    let two = limiter(&prefix).await.with_clock(Arc::new(clock.clone()));
    Subject::new(Arc::new(one), move |duration| clock.advance(duration)).and(Arc::new(two))
}

countersign_rate_limit::conformance_tests!(fresh());

#[tokio::test]
async fn the_servers_clock_counts_too() {
    let limiter = limiter(&unused()).await;
    for text in ["2/1h", "2/1h sliding", "2/1h token-bucket"] {
        let charge = [Charge::new("key", text.parse().unwrap())];
        assert!(limiter.take(&charge).await.unwrap().is_allowed());
        assert!(limiter.take(&charge).await.unwrap().is_allowed());
        let Decision::Denied { retry_after } = limiter.take(&charge).await.unwrap() else { panic!("{text}: a third") };
        assert!((1..=5400).contains(&retry_after.as_secs()), "{text}: {retry_after:?}");
    }
}

#[tokio::test]
async fn a_prefix_is_plain() {
    let limiter = limiter(&unused()).await;
    for prefix in ["", "{", "a}b", "A", "a b", "a:b", &"a".repeat(65)] {
        assert!(limiter.clone().prefix(prefix).is_err(), "{prefix:?}");
    }
}
