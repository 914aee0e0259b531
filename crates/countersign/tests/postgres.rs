//! The same as in `it`, on PostgreSQL. Needs a server: `scripts/services.sh start FOLDER && . FOLDER/env`.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[path = "it/attacks.rs"]
mod attacks;
#[path = "it/budget.rs"]
mod budget;
#[path = "it/enrolment.rs"]
mod enrolment;
#[path = "it/hotp.rs"]
mod hotp;
#[path = "it/manage.rs"]
mod manage;
#[path = "it/phone.rs"]
mod phone;
#[path = "it/races.rs"]
mod races;
#[path = "it/recovery.rs"]
mod recovery;
#[path = "it/rig.rs"]
mod rig;
#[path = "it/sign_in.rs"]
mod sign_in;

mod backend {
    use std::{
        process,
        sync::{
            Arc,
            atomic::{AtomicU32, Ordering},
        },
    };

    use countersign::store::Store;
    use countersign_sqlx::{Database, PostgresOptions, SqlStore};
    use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

    /// A schema of its own for each test.
    pub(crate) async fn store() -> Arc<dyn Store> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let server = server();
        let name = format!("engine_{}_{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let mut connection = PgConnection::connect(&server).await.expect("the PostgreSQL server of the tests");
        let make = format!("DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}");
        connection.execute(sqlx::raw_sql(AssertSqlSafe(make))).await.unwrap();
        let url = format!("{server}?options=-c%20search_path%3D{name}");
        let database = Database::open_postgres(&url, PostgresOptions::default().connections(4)).await.unwrap();
        SqlStore::migrate(&database).await.unwrap();
        Arc::new(SqlStore::new(database))
    }

    #[expect(clippy::disallowed_methods, reason = "where the server is cannot be known otherwise")]
    fn server() -> String {
        std::env::var("COUNTERSIGN_TEST_POSTGRES_URL")
            .expect("COUNTERSIGN_TEST_POSTGRES_URL is not set: scripts/services.sh start FOLDER, then . FOLDER/env")
    }
}
