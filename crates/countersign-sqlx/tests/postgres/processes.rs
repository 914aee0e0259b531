//! Two processes on one PostgreSQL.

use countersign_sqlx::{Database, PostgresOptions, SqlStore};

use super::racing;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by the other test, in two processes of its own"]
#[expect(clippy::disallowed_methods, reason = "the racing processes are told where to meet")]
async fn racer() {
    let url = std::env::var(racing::PLACE).unwrap();
    racing::race(Database::open_postgres(&url, PostgresOptions::default()).await.unwrap()).await;
}

#[tokio::test]
async fn two_processes_on_one_server_keep_every_count() {
    let url = super::schema().await;
    let database = Database::open_postgres(&url, PostgresOptions::default()).await.unwrap();
    SqlStore::migrate(&database).await.unwrap();
    racing::compare("processes::racer", &url, database).await;
}
