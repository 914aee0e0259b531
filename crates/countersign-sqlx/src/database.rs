use std::{sync::Arc, time::Duration};

#[cfg(feature = "postgres")]
use crate::postgres::{Postgres, PostgresOptions};
#[cfg(feature = "sqlite")]
use crate::sqlite::{Sqlite, SqliteOptions};
use crate::{DbError, Migration, Outcome, Row, Statement, Value, Written};

/// How long a call may take before it is answered with an error: a request that runs into one that does not answer is
/// itself answered within two seconds.
pub(crate) const PATIENCE: Duration = Duration::from_millis(1500);

/// A database that the store, the limiter and a host's own tables share. Clones are handles on the same one.
///
/// Writes are batches of [`Statement`]s. A batch is one transaction: all of it is done, durably, before it is answered,
/// or none of it. On SQLite, batches that wait at the same time share one commit.
#[derive(Clone, Debug)]
pub struct Database(Arc<Inner>);

#[derive(Debug)]
enum Inner {
    #[cfg(feature = "sqlite")]
    Sqlite(Sqlite),
    #[cfg(feature = "postgres")]
    Postgres(Box<Postgres>),
}

/// Which database engine it is, for the few statements that need different words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl Database {
    /// Opens the SQLite database at `path`, with `-wal` and `-shm` files beside it. If there is none it is made, for its
    /// owner alone (mode 0600).
    ///
    /// WAL, `synchronous=FULL`, foreign keys on, `trusted_schema` off. Needs a tokio runtime with time.
    ///
    /// # Errors
    /// [`DbError::Open`].
    #[cfg(feature = "sqlite")]
    pub async fn open_sqlite(path: impl AsRef<std::path::Path>, options: SqliteOptions) -> Result<Self, DbError> {
        Ok(Self(Arc::new(Inner::Sqlite(Sqlite::open(path.as_ref(), options).await?))))
    }

    /// Opens the PostgreSQL database at `url`, such as `postgres://user:password@db.example.com/countersign`, with a pool of
    /// connections.
    ///
    /// `synchronous_commit=on`, timeouts on statements and locks below two seconds; it connects again by itself. Needs a
    /// tokio runtime with time and I/O. A schema of one's own goes into the address:
    /// `?options=-c%20search_path%3Dcountersign`.
    ///
    /// # Errors
    /// [`DbError::Open`].
    #[cfg(feature = "postgres")]
    pub async fn open_postgres(url: &str, options: PostgresOptions) -> Result<Self, DbError> {
        Ok(Self(Arc::new(Inner::Postgres(Box::new(Postgres::open(url, options).await?)))))
    }

    /// Which engine it is.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match &*self.0 {
            #[cfg(feature = "sqlite")]
            Inner::Sqlite(_) => Engine::Sqlite,
            #[cfg(feature = "postgres")]
            Inner::Postgres(_) => Engine::Postgres,
        }
    }

    /// Does all of `batch` or, if a guard of it is not met, nothing. Answers after the commit, within about two seconds.
    ///
    /// A dropped call happens completely or not at all.
    ///
    /// # Errors
    /// [`DbError`]; only [`DbError::Unknown`] leaves open whether it was done.
    pub async fn write(&self, batch: Vec<Statement>) -> Result<Written, DbError> {
        match &*self.0 {
            #[cfg(feature = "sqlite")]
            Inner::Sqlite(sqlite) => sqlite.write(batch).await,
            #[cfg(feature = "postgres")]
            Inner::Postgres(postgres) => postgres.write(batch).await,
        }
    }

    /// Does one statement, which is a transaction by itself: durably before it is answered, and on PostgreSQL in one round
    /// trip. What a guard would have said is in the outcome: a statement that changed no row has done nothing.
    ///
    /// A dropped call happens completely or not at all.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub async fn execute(&self, statement: Statement) -> Result<Outcome, DbError> {
        let outcomes = self.write(vec![Statement { expected: None, ..statement }]).await?.done();
        let done = outcomes.and_then(|outcomes| outcomes.into_iter().next());
        done.ok_or_else(|| DbError::Unavailable("a statement without a guard met one".into()))
    }

    /// The rows that the `SELECT` in `sql` gives, with `values` for `$1`, `$2`, …
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn fetch(&self, sql: &'static str, values: Vec<Value>) -> Result<Vec<Row>, DbError> {
        let statement = Statement { sql, values, expected: None };
        match &*self.0 {
            #[cfg(feature = "sqlite")]
            Inner::Sqlite(sqlite) => sqlite.fetch(statement).await,
            #[cfg(feature = "postgres")]
            Inner::Postgres(postgres) => postgres.fetch(statement).await,
        }
    }

    /// Applies those of `migrations` that were not applied yet, in one transaction. Safe when several instances start at
    /// once. `owner` names the set; a host chooses a name of its own, other than `countersign`, and never changes it.
    ///
    /// # Errors
    /// [`DbError::Migration`] if the schema is not one that these migrations lead to; else as [`write`](Self::write).
    pub async fn migrate(&self, owner: &'static str, migrations: &[Migration]) -> Result<(), DbError> {
        match &*self.0 {
            #[cfg(feature = "sqlite")]
            Inner::Sqlite(sqlite) => sqlite.migrate(owner, migrations).await,
            #[cfg(feature = "postgres")]
            Inner::Postgres(postgres) => postgres.migrate(owner, migrations).await,
        }
    }

    /// Whether the database can be read now; for a readiness check.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn ping(&self) -> Result<(), DbError> {
        self.fetch("SELECT CAST(1 AS BIGINT)", Vec::new()).await.map(drop)
    }

    /// Lets what waits be done and closes the database, for all handles. Calls after this are refused.
    pub async fn close(&self) {
        match &*self.0 {
            #[cfg(feature = "sqlite")]
            Inner::Sqlite(sqlite) => sqlite.close().await,
            #[cfg(feature = "postgres")]
            Inner::Postgres(postgres) => postgres.close().await,
        }
    }
}
