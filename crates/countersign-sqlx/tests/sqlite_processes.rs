//! Two processes on one SQLite file.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that fails panics")]
#![expect(clippy::disallowed_methods, reason = "the racing processes are told where to meet")]

#[path = "common/racing.rs"]
mod racing;

use countersign_sqlx::{Database, SqlStore, SqliteOptions};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by the other test, in two processes of its own"]
async fn racer() {
    let path = std::env::var(racing::PLACE).unwrap();
    racing::race(Database::open_sqlite(path, SqliteOptions::default()).await.unwrap()).await;
}

#[tokio::test]
async fn two_processes_on_one_file_keep_every_count() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let database = Database::open_sqlite(&path, SqliteOptions::default()).await.unwrap();
    SqlStore::migrate(&database).await.unwrap();
    racing::compare("racer", path.to_str().unwrap(), database).await;
}
