//! The store on SQLite keeps the contract, with two handles on one file as two processes would have.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

use std::sync::Arc;

use countersign_sqlx::{Database, SqlStore, SqliteOptions};
use countersign_store::conformance::Subject;

async fn fresh() -> Subject {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let one = Database::open_sqlite(&path, SqliteOptions::default()).await.unwrap();
    let two = Database::open_sqlite(&path, SqliteOptions::default()).await.unwrap();
    let (first, second) = tokio::join!(SqlStore::migrate(&one), SqlStore::migrate(&two));
    first.and(second).unwrap();
    Subject::new(Arc::new(SqlStore::new(one))).and(Arc::new(SqlStore::new(two))).keeping(folder)
}

countersign_store::conformance_tests!(fresh());

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn instances_that_start_together_agree_on_one_value() {
    // SQLite turns one of them away only now and then.
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        let tasks: Vec<_> = (0..8_u8)
            .map(|number| {
                let path = path.clone();
                tokio::spawn(async move {
                    let database = Database::open_sqlite(&path, SqliteOptions::default()).await.unwrap();
                    SqlStore::migrate(&database).await.unwrap();
                    SqlStore::new(database).agrees("key ring", &[number]).await.unwrap()
                })
            })
            .collect();
        let mut agreed = 0;
        for task in tasks {
            agreed += usize::from(task.await.unwrap());
        }
        assert_eq!(agreed, 1);
    }
}
