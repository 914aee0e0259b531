use std::error::Error;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::{
    claim::Claim,
    connection::{refused, run},
};
use crate::{
    DbError, Migration, Statement, Written,
    migration::{APPLIED, NOTE, pending},
};

/// What the writer is asked to do.
#[derive(Debug)]
pub(super) enum Job {
    Write(Write),
    Migrate { owner: &'static str, migrations: Vec<Migration>, reply: oneshot::Sender<Result<(), DbError>> },
    Close { reply: oneshot::Sender<()> },
}

/// A batch, and where its answer goes.
#[derive(Debug)]
pub(super) struct Write {
    pub(super) batch: Vec<Statement>,
    pub(super) claim: Claim,
    pub(super) reply: oneshot::Sender<Result<Written, DbError>>,
}

/// The most batches in one transaction, so that the first of them does not wait for ever.
const TOGETHER: usize = 256;

/// Works until told to close, or until every handle is gone. One thread, one connection: writes never meet.
pub(super) fn work(mut connection: Connection, mut jobs: mpsc::Receiver<Job>) {
    let mut held = None;
    let closing = loop {
        let Some(job) = held.take().or_else(|| jobs.blocking_recv()) else { break None };
        match job {
            Job::Close { reply } => break Some(reply),
            Job::Migrate { owner, migrations, reply } => drop(reply.send(migrate(&mut connection, owner, &migrations))),
            Job::Write(first) => {
                let mut waiting = vec![first];
                while waiting.len() < TOGETHER {
                    match jobs.try_recv() {
                        Ok(Job::Write(next)) => waiting.push(next),
                        Ok(other) => {
                            held = Some(other);
                            break;
                        }
                        Err(_) => break,
                    }
                }
                write_together(&connection, waiting);
            }
        }
    };
    // Housekeeping as SQLite advises on closing; nothing depends on it.
    drop(connection.execute_batch("PRAGMA optimize"));
    drop(connection);
    closing.map(|reply| reply.send(()));
}

/// One transaction for all that wait, and an answer for each of them after the commit.
fn write_together(connection: &Connection, waiting: Vec<Write>) {
    if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
        let lost = Lost::Undone(refused(error));
        waiting.into_iter().for_each(|write| drop(write.reply.send(Err(lost.error()))));
        return;
    }
    // Claimed only now: while another process held the lock, some may have given up.
    let claimed = waiting.into_iter().filter(|write| write.claim.take());
    let (replies, batches): (Vec<_>, Vec<_>) = claimed.map(|write| (write.reply, write.batch)).unzip();
    match run_together(connection, &batches) {
        Ok(results) => replies.into_iter().zip(results).for_each(|(reply, result)| drop(reply.send(result))),
        Err(lost) => replies.into_iter().for_each(|reply| drop(reply.send(Err(lost.error())))),
    }
}

/// What became of each batch, once the transaction they share is durable.
fn run_together(connection: &Connection, batches: &[Vec<Statement>]) -> Result<Vec<Result<Written, DbError>>, Lost> {
    // Alone, the transaction is its own savepoint.
    let alone = batches.len() == 1;
    let results: Result<Vec<_>, _> = batches.iter().map(|batch| run_apart(connection, batch, !alone)).collect();
    let end = |how: &str| connection.execute_batch(how).map_err(refused);
    match results {
        Err(why) => {
            // Already undone if SQLite ended the transaction by itself; then this finds nothing to do.
            drop(end("ROLLBACK"));
            Err(Lost::Undone(why))
        }
        Ok(results) if alone && !matches!(results[..], [Ok(Written::Done(_))]) => {
            end("ROLLBACK").map_err(Lost::Undone)?;
            Ok(results)
        }
        Ok(results) => match end("COMMIT") {
            Ok(()) => Ok(results),
            Err(why) => {
                drop(end("ROLLBACK"));
                Err(Lost::Unknown(why))
            }
        },
    }
}

/// Why a whole transaction came to nothing. Those whose batch was refused share this answer: what they ran into was not
/// committed either.
enum Lost {
    /// Nothing was committed.
    Undone(DbError),
    /// The commit failed. Not "nothing was changed": a commit record that was written but not flushed may still be
    /// found after a crash.
    Unknown(DbError),
}

impl Lost {
    fn error(&self) -> DbError {
        let why = |error: &DbError| error.source().map_or_else(|| error.to_string(), ToString::to_string);
        match self {
            Self::Undone(error) => DbError::unavailable(why(error)),
            Self::Unknown(error) => DbError::unknown(why(error)),
        }
    }
}

/// Runs one batch so that its failure takes nothing of the others with it. The outer error means that the whole
/// transaction is lost.
fn run_apart(
    connection: &Connection,
    batch: &[Statement],
    savepoint: bool,
) -> Result<Result<Written, DbError>, DbError> {
    let mark = |how| run(connection, &Statement::new(how)).map(drop);
    if savepoint {
        mark("SAVEPOINT batch")?;
    }
    let result = run_batch(connection, batch);
    if connection.is_autocommit() {
        // Some errors (disk full, out of memory) end the transaction by themselves.
        return Err(result.err().unwrap_or_else(|| DbError::unavailable("the transaction ended early")));
    }
    if savepoint {
        if !matches!(result, Ok(Written::Done(_))) {
            mark("ROLLBACK TO batch")?;
        }
        mark("RELEASE batch")?;
    }
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
