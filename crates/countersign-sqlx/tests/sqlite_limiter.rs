//! The limiter on SQLite keeps the contract, with two handles on one file as two processes would have.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

use std::sync::Arc;

use countersign_clock::{ManualClock, Timestamp};
use countersign_rate_limit::conformance::Subject;
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
