//! The store and the limiter on PostgreSQL keep their contracts, with two pools as two processes would have.
//!
//! These need a server: `scripts/services.sh start FOLDER && . FOLDER/env`.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that fails panics")]

mod crash;
mod faults;
mod hang;
mod limiter;
mod processes;
#[path = "../common/racing.rs"]
mod racing;
mod server;
mod store;

use std::{
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use countersign_sqlx::{Database, PostgresOptions, SqlStore};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// Two handles on a schema of their own, with the tables in it.
async fn two_databases() -> [Database; 2] {
    let url = schema().await;
    let options = PostgresOptions::default().connections(4);
    let one = Database::open_postgres(&url, options).await.unwrap();
    let two = Database::open_postgres(&url, options).await.unwrap();
    let (first, second) = tokio::join!(SqlStore::migrate(&one), SqlStore::migrate(&two));
    first.and(second).unwrap();
    [one, two]
}

/// The address of a new, empty schema.
async fn schema() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let (server, name) = (address(), format!("test_{}_{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
    let mut connection = PgConnection::connect(&server).await.expect("the PostgreSQL server of the tests");
    let make = format!("DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}");
    connection.execute(sqlx::raw_sql(AssertSqlSafe(make))).await.unwrap();
    format!("{server}?options=-c%20search_path%3D{name}")
}

#[expect(clippy::disallowed_methods, reason = "where the server is cannot be known otherwise")]
fn address() -> String {
    std::env::var("COUNTERSIGN_TEST_POSTGRES_URL").expect(
        "COUNTERSIGN_TEST_POSTGRES_URL is not set: start a server with `scripts/services.sh start FOLDER`, then `. FOLDER/env`",
    )
}
