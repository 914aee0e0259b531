use std::error::Error;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::mpsc;

use super::{
    connection::{refused, run},
    log::Log,
    queue::{self, Job, Lost, Transactions},
};
use crate::{
    DbError, Migration, Statement, Written,
    migration::{APPLIED, NOTE, pending},
};

/// Works until told to close, or until every handle is gone. One thread, one connection: writes never meet.
pub(super) fn work(connection: Connection, log: Log, mut jobs: mpsc::Receiver<Job>) {
    let mut writer = Writer { connection, log };
    let closing = queue::work(&mut writer, &mut jobs);
    let Writer { connection, log } = writer;
    log.close();
    // Housekeeping as SQLite advises on closing; nothing depends on it.
    drop(connection.execute_batch("PRAGMA optimize"));
    drop(connection);
    closing.map(|reply| reply.send(()));
}

struct Writer {
    connection: Connection,
    log: Log,
}

impl Transactions for Writer {
    /// The log is looked after here, when those who waited for the transaction before have their answers.
    fn begin(&mut self) -> Result<(), DbError> {
        self.log.tend(&self.connection);
        end(&self.connection, "BEGIN IMMEDIATE")
    }

    fn run(&mut self, batches: &[Vec<Statement>]) -> Result<Vec<Result<Written, DbError>>, Lost> {
        run_together(&self.connection, batches)
    }

    fn migrate(&mut self, owner: &str, migrations: &[Migration]) -> Result<(), DbError> {
        migrate(&mut self.connection, owner, migrations)
    }
}

/// What became of each batch, once the transaction they share is durable. The transaction has begun.
fn run_together(connection: &Connection, batches: &[Vec<Statement>]) -> Result<Vec<Result<Written, DbError>>, Lost> {
    let results = run_plainly(connection, batches).and_then(|plain| match plain {
        Plain::Sound(results) => end(connection, "COMMIT").map(|()| results).map_err(Lost::Unknown),
        Plain::Tainted(result) if batches.len() == 1 => Ok(end(connection, "ROLLBACK").map(|()| vec![result])?),
        Plain::Tainted(_) => {
            // One of them has to be undone without the others: once more, each behind a savepoint.
            end(connection, "ROLLBACK")?;
            end(connection, "BEGIN IMMEDIATE")?;
            let results = batches.iter().map(|batch| run_apart(connection, batch)).collect::<Result<_, _>>()?;
            end(connection, "COMMIT").map(|()| results).map_err(Lost::Unknown)
        }
    });
    if results.is_err() && !connection.is_autocommit() {
        drop(end(connection, "ROLLBACK"));
    }
    results
}

enum Plain {
    /// What became of each; those that were refused have changed nothing.
    Sound(Vec<Result<Written, DbError>>),
    /// This one was refused after it had changed something; those behind it were not run.
    Tainted(Result<Written, DbError>),
}

/// Runs the batches one after another without savepoints, which are dear: most that are refused (their version is no
/// longer the present one) have changed nothing.
fn run_plainly(connection: &Connection, batches: &[Vec<Statement>]) -> Result<Plain, Lost> {
    let mut results = Vec::with_capacity(batches.len());
    for batch in batches {
        let before = connection.total_changes();
        let result = run_batch(connection, batch);
        if !matches!(result, Ok(Written::Done(_))) {
            still_open(connection, &result)?;
            if connection.total_changes() != before {
                return Ok(Plain::Tainted(result));
            }
        }
        results.push(result);
    }
    Ok(Plain::Sound(results))
}

fn end(connection: &Connection, how: &str) -> Result<(), DbError> {
    connection.execute_batch(how).map_err(refused)
}

/// Some errors (disk full, out of memory) end the transaction by themselves, and with it what others did.
fn still_open(connection: &Connection, result: &Result<Written, DbError>) -> Result<(), DbError> {
    let why = |error: &DbError| error.source().map_or_else(|| error.to_string(), ToString::to_string);
    match result {
        Err(error) if connection.is_autocommit() => Err(DbError::unavailable(why(error))),
        _ => Ok(()),
    }
}

/// Runs one batch so that its failure takes nothing of the others with it. The outer error means that the whole
/// transaction is lost.
fn run_apart(connection: &Connection, batch: &[Statement]) -> Result<Result<Written, DbError>, DbError> {
    let mark = |how| run(connection, &Statement::new(how)).map(drop);
    mark("SAVEPOINT batch")?;
    let result = run_batch(connection, batch);
    still_open(connection, &result)?;
    if !matches!(result, Ok(Written::Done(_))) {
        mark("ROLLBACK TO batch")?;
    }
    mark("RELEASE batch")?;
    Ok(result)
}

fn run_batch(connection: &Connection, batch: &[Statement]) -> Result<Written, DbError> {
    let mut outcomes = Vec::with_capacity(batch.len());
    for (index, statement) in batch.iter().enumerate() {
        let outcome = run(connection, statement)?;
        if !statement.is_met_by(&outcome) {
            return Ok(Written::Guard { index, affected: outcome.affected });
        }
        outcomes.push(outcome);
    }
    Ok(Written::Done(outcomes))
}

/// One transaction for all that is pending; whoever starts at the same time waits for it and finds nothing to do.
fn migrate(connection: &mut Connection, owner: &str, migrations: &[Migration]) -> Result<(), DbError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(refused)?;
    transaction.execute_batch(JOURNAL).map_err(refused)?;
    let applied = run(&transaction, &Statement::new(APPLIED).bind(owner))?;
    for migration in pending(owner, migrations, &applied.rows, |migration| migration.sqlite)? {
        transaction.execute_batch(migration.sqlite).map_err(refused)?;
        let note = Statement::new(NOTE).bind(owner).bind(migration.version).bind(migration.name).bind(migration.sqlite);
        run(&transaction, &note)?;
    }
    transaction.commit().map_err(refused)
}

const JOURNAL: &str = "CREATE TABLE IF NOT EXISTS countersign_migrations (
    owner TEXT NOT NULL,
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    script TEXT NOT NULL,
    PRIMARY KEY (owner, version)
) STRICT, WITHOUT ROWID";
