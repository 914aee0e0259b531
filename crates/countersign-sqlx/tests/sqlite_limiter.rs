//! The limiter on SQLite keeps the contract, with two handles on one file as two processes would have.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

use std::{sync::Arc, time::Duration};

use countersign_clock::{Clock, ManualClock, Timestamp};
use countersign_rate_limit::{Bucket, Charge, LimitError, Quota, RateLimiter, conformance::Subject};
use countersign_sqlx::{Database, SqlLimiter, SqlStore, SqliteOptions};

async fn fresh() -> Subject {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let clock = ManualClock::at(Timestamp::from_secs(1_700_000_000));
    let mut handles = Vec::new();
    for _ in 0..2 {
        let database = Database::open_sqlite(&path, SqliteOptions::default()).await.unwrap();
        SqlStore::migrate(&database).await.unwrap();
        handles.push(Arc::new(SqlLimiter::new(database, Arc::new(clock.clone()))));
    }
    let (one, two) = (handles.remove(0), handles.remove(0));
    Subject::new(one, move |duration| clock.advance(duration)).and(two).keeping(folder)
}

countersign_rate_limit::conformance_tests!(fresh());

/// The rules written again in SQL are those of `Bucket`, over long walks of takes and givings back, with a clock that now
/// and then goes back.
#[tokio::test]
async fn sql_and_bucket_agree() {
    let folder = tempfile::tempdir().unwrap();
    let clock = ManualClock::at(Timestamp::from_secs(1_700_000_000));
    let database = Database::open_sqlite(folder.path().join("test.db"), SqliteOptions::default()).await.unwrap();
    SqlStore::migrate(&database).await.unwrap();
    let limiter = SqlLimiter::new(database, Arc::new(clock.clone()));
    let mut dice = Dice(7);
    for text in ["6/10s", "6/10s sliding", "6/10s token-bucket", "7/3s sliding", "7/3s token-bucket"] {
        let (quota, mut bucket): (Quota, _) = (text.parse().unwrap(), Bucket::default());
        let mut denials = 0;
        for step in 0..250 {
            let jump = Duration::from_millis(dice.below(3000) * dice.below(2) * (1 + dice.below(4)));
            let now = clock.now().unwrap();
            clock.set(Some(if dice.below(12) == 0 { now.saturating_sub(jump) } else { now.saturating_add(jump) }));
            let now = clock.now().unwrap().as_millis();
            let charge = Charge::new("key", quota).weight(1 + u32::try_from(dice.below(4)).unwrap());
            if dice.below(5) == 0 {
                limiter.give_back(&[charge]).await.unwrap();
                bucket.give_back(&quota, charge.weight);
            } else {
                let wanted = bucket.take(&quota, charge.weight, now);
                assert_eq!(limiter.take(&[charge]).await.unwrap(), wanted, "{text}, step {step}");
                denials += usize::from(!wanted.is_allowed());
            }
        }
        assert!((20..230).contains(&denials), "{text}: {denials} denials show little");
    }
}

/// Rows of windows that are over go, in steps, and those that run stay.
#[tokio::test]
async fn sweeping_takes_what_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let clock = ManualClock::at(Timestamp::from_secs(1_700_000_000));
    let database = Database::open_sqlite(folder.path().join("test.db"), SqliteOptions::default()).await.unwrap();
    SqlStore::migrate(&database).await.unwrap();
    let limiter = SqlLimiter::new(database, Arc::new(clock.clone()));
    let take = async |key: &str, quota: &str| limiter.take(&[Charge::new(key, quota.parse().unwrap())]).await.unwrap();
    for number in 0..510 {
        assert!(take(&format!("short-{number}"), "1/1m").await.is_allowed());
    }
    assert!(take("long", "1/1h").await.is_allowed());
    clock.advance(Duration::from_secs(59));
    assert_eq!(limiter.sweep().await.unwrap(), 0);
    clock.advance(Duration::from_secs(1));
    assert_eq!(
        [limiter.sweep().await.unwrap(), limiter.sweep().await.unwrap(), limiter.sweep().await.unwrap()],
        [500, 10, 0]
    );
    assert!(!take("long", "1/1h").await.is_allowed(), "a running count was swept");
    clock.set(None);
    assert!(matches!(limiter.sweep().await, Err(LimitError::NoClock)));
}

/// Numbers that look thrown and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}
