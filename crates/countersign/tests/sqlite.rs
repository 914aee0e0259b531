//! The same as in `it`, on SQLite files.

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
    use std::sync::Arc;

    use countersign::store::Store;
    use countersign_sqlx::{Database, SqlStore, SqliteOptions};

    /// A file of its own for each test, in a folder that the system forgets.
    pub(crate) async fn store() -> Arc<dyn Store> {
        // The folder outlives the test: the writer may still be at work when the test is done.
        let folder = tempfile::tempdir().unwrap().keep();
        let database = Database::open_sqlite(folder.join("test.db"), SqliteOptions::default()).await.unwrap();
        SqlStore::migrate(&database).await.unwrap();
        Arc::new(SqlStore::new(database))
    }
}
