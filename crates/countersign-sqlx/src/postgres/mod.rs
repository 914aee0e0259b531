//! PostgreSQL: a pool, and every piece of work in a task of its own, so that a caller who goes away leaves no connection
//! half way through.

mod error;
mod options;
mod value;

use std::{
    fmt,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use error::{Stage, failed};
use futures::TryStreamExt;
pub use options::PostgresOptions;
use sqlx::{
    Connection, Either, Executor, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::timeout;
use value::{bound, read};

use crate::{
    DbError, Migration, Outcome, Row, Statement, Written,
    database::PATIENCE,
    migration::{APPLIED, NOTE, pending},
};

/// How long to wait for a connection, and how long for what is asked on it: together [`PATIENCE`].
const ACQUIRE: Duration = Duration::from_millis(500);
const WORK: Duration = Duration::from_millis(1000);

/// A connection that has rested longer is asked whether it still lives before it is used.
const RESTED: Duration = Duration::from_secs(5);

pub(crate) struct Postgres {
    pool: PgPool,
    options: PgConnectOptions,
    /// How many connections are still to be asked whether they live: when one broke, the others may have too.
    doubts: Arc<AtomicU32>,
    connections: u32,
}

impl Postgres {
    pub(crate) async fn open(url: &str, options: PostgresOptions) -> Result<Self, DbError> {
        let connect = PgConnectOptions::from_str(url).map_err(|error| DbError::Open(error.into()))?;
        // The server's own limits are a little shorter than ours: its "no" is certain, our running out of patience is not.
        let connect = connect.statement_cache_capacity(128).options([
            ("synchronous_commit", "on"),
            ("statement_timeout", "800"),
            ("lock_timeout", "700"),
            ("idle_in_transaction_session_timeout", "5000"),
            ("default_transaction_isolation", "read committed"),
        ]);
        let doubts = Arc::new(AtomicU32::new(0));
        let doubted = Arc::clone(&doubts);
        let pool = PgPoolOptions::new()
            .max_connections(options.connections.max(1))
            .min_connections(1)
            .acquire_timeout(ACQUIRE)
            .max_lifetime(Duration::from_secs(3600))
            .test_before_acquire(false)
            .before_acquire(move |connection, rest| {
                let doubt =
                    doubted.fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(1)).is_ok();
                Box::pin(async move { Ok(!(doubt || rest.idle_for > RESTED) || connection.ping().await.is_ok()) })
            })
            .connect_with(connect.clone())
            .await
            .map_err(|error| DbError::Open(error.into()))?;
        Ok(Self { pool, options: connect, doubts, connections: options.connections.max(1) })
    }

    pub(crate) async fn write(&self, batch: Vec<Statement>) -> Result<Written, DbError> {
        self.perform(Work::Write(batch)).await
    }

    pub(crate) async fn fetch(&self, statement: Statement) -> Result<Vec<Row>, DbError> {
        let twice = async {
            match self.perform(Work::Read(statement.clone())).await {
                // A read can be asked again: the connection may have been dead before it was asked.
                Err(DbError::Unavailable(_)) => self.perform(Work::Read(statement)).await,
                first => first,
            }
        };
        let answer = timeout(PATIENCE, twice).await;
        let answer = answer.unwrap_or_else(|_| Err(DbError::Unavailable("the database is too slow".into())));
        let outcomes = answer?.done().unwrap_or_default();
        Ok(outcomes.into_iter().next().unwrap_or_default().rows)
    }

    /// Does `work` in a task of its own, to its end even if the caller goes away, but not beyond our patience.
    async fn perform(&self, work: Work) -> Result<Written, DbError> {
        let (pool, doubts, connections) = (self.pool.clone(), Arc::clone(&self.doubts), self.connections);
        let task = tokio::spawn(async move {
            let mut connection = pool.acquire().await.map_err(|error| failed(error, Stage::Before))?;
            let mut stage = Stage::Before;
            let done = timeout(WORK, work.on(&mut connection, &mut stage)).await;
            let result = done.unwrap_or_else(|_| match stage {
                Stage::Before => Err(DbError::Unavailable("the database is too slow".into())),
                Stage::Committing => Err(DbError::Unknown("the database is too slow".into())),
            });
            if matches!(result, Err(DbError::Unavailable(_) | DbError::Unknown(_))) {
                // Out of use, whatever state it is in; the server undoes what was not committed.
                doubts.store(connections, Ordering::Release);
                drop(connection.detach());
            }
            result
        });
        task.await.unwrap_or_else(|error| Err(DbError::Unknown(error.into())))
    }

    /// On a connection of its own, without the short timeouts of the pool: a migration may take its time.
    pub(crate) async fn migrate(&self, owner: &'static str, migrations: &[Migration]) -> Result<(), DbError> {
        let refused = |error: sqlx::Error| failed(error, Stage::Before);
        let options = self.options.clone().options([("statement_timeout", "0"), ("lock_timeout", "0")]);
        let mut connection = PgConnection::connect_with(&options).await.map_err(refused)?;
        let mut transaction = connection.begin().await.map_err(refused)?;
        // Held until the end of the transaction: whoever starts at the same time waits here and finds nothing to do.
        transaction.execute(sqlx::raw_sql(LOCK)).await.map_err(refused)?;
        transaction.execute(sqlx::raw_sql(JOURNAL)).await.map_err(refused)?;
        let at_once = |error: Failure| error.at(Stage::Before);
        let applied = run(&mut transaction, &Statement::new(APPLIED).bind(owner)).await.map_err(at_once)?;
        for migration in pending(owner, migrations, &applied.rows, |migration| migration.postgres)? {
            transaction.execute(sqlx::raw_sql(migration.postgres)).await.map_err(refused)?;
            let note =
                Statement::new(NOTE).bind(owner).bind(migration.version).bind(migration.name).bind(migration.postgres);
            run(&mut transaction, &note).await.map_err(at_once)?;
        }
        transaction.commit().await.map_err(|error| failed(error, Stage::Committing))?;
        drop(connection.close().await);
        Ok(())
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }
}

impl fmt::Debug for Postgres {
    /// Without the address, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").field("connections", &self.pool.size()).finish_non_exhaustive()
    }
}

const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtext('countersign_migrations'))";

const JOURNAL: &str = "CREATE TABLE IF NOT EXISTS countersign_migrations (
    owner TEXT NOT NULL,
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    script TEXT NOT NULL,
    PRIMARY KEY (owner, version)
)";

enum Work {
    Read(Statement),
    Write(Vec<Statement>),
}

impl Work {
    /// `stage` is moved before anything is sent that may commit.
    async fn on(&self, connection: &mut PgConnection, stage: &mut Stage) -> Result<Written, DbError> {
        let lone = match self {
            Self::Read(statement) => statement,
            Self::Write(batch) => match &batch[..] {
                // Commits by itself, in one round trip.
                [statement @ Statement { expected: None, .. }] => {
                    *stage = Stage::Committing;
                    statement
                }
                batch => return transaction(connection, batch, stage).await,
            },
        };
        let outcome = run(connection, lone).await.map_err(|error| error.at(*stage))?;
        Ok(Written::Done(vec![outcome]))
    }
}

async fn transaction(
    connection: &mut PgConnection,
    batch: &[Statement],
    stage: &mut Stage,
) -> Result<Written, DbError> {
    command(connection, "BEGIN", *stage).await?;
    match run_batch(connection, batch).await {
        Ok(done @ Written::Done(_)) => {
            *stage = Stage::Committing;
            command(connection, "COMMIT", *stage).await?;
            Ok(done)
        }
        undone => {
            command(connection, "ROLLBACK", *stage).await?;
            undone
        }
    }
}

async fn run_batch(connection: &mut PgConnection, batch: &[Statement]) -> Result<Written, DbError> {
    let mut outcomes = Vec::with_capacity(batch.len());
    for (index, statement) in batch.iter().enumerate() {
        let outcome = run(connection, statement).await.map_err(|error| error.at(Stage::Before))?;
        if !statement.is_met_by(&outcome) {
            return Ok(Written::Guard { index, affected: outcome.affected });
        }
        outcomes.push(outcome);
    }
    Ok(Written::Done(outcomes))
}

async fn run(connection: &mut PgConnection, statement: &Statement) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::default();
    let mut answers = connection.fetch_many(bound(statement));
    while let Some(answer) = answers.try_next().await.map_err(Failure::Sql)? {
        match answer {
            Either::Left(done) => outcome.affected = done.rows_affected(),
            Either::Right(row) => outcome.rows.push(read(&row).map_err(Failure::Row)?),
        }
    }
    Ok(outcome)
}

async fn command(connection: &mut PgConnection, sql: &'static str, stage: Stage) -> Result<(), DbError> {
    connection.execute(sqlx::raw_sql(sql)).await.map(drop).map_err(|error| failed(error, stage))
}

/// Why a statement failed; what that means depends on where it stood.
enum Failure {
    Sql(sqlx::Error),
    Row(DbError),
}

impl Failure {
    fn at(self, stage: Stage) -> DbError {
        match self {
            Self::Sql(error) => failed(error, stage),
            Self::Row(error) => error,
        }
    }
}
