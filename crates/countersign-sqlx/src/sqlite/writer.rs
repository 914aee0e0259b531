use std::{error::Error, thread, time::Duration};

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

/// How often, and how long at a time, the writer waits for callers who are on their way back.
const LINGER: (u32, Duration) = (4, Duration::from_micros(50));

/// Works until told to close, or until every handle is gone. One thread, one connection: writes never meet.
pub(super) fn work(mut connection: Connection, mut jobs: mpsc::Receiver<Job>) {
    let mut held = None;
    let mut crowd = 1;
    let closing = loop {
        let Some(job) = held.take().or_else(|| jobs.blocking_recv()) else { break None };
        match job {
            Job::Close { reply } => break Some(reply),
            Job::Migrate { owner, migrations, reply } => drop(reply.send(migrate(&mut connection, owner, &migrations))),
            Job::Write(first) => {
                let waiting = gather(first, crowd, &mut jobs, &mut held);
                crowd = waiting.len();
                write_together(&connection, waiting);
            }
        }
    };
    // Housekeeping as SQLite advises on closing; nothing depends on it.
    drop(connection.execute_batch("PRAGMA optimize"));
    drop(connection);
    closing.map(|reply| reply.send(()));
}

/// All that wait. Those just answered tend to come back at once, but not before the first of them: without a moment's
/// patience a commit for one would go before every commit for the rest. A lone caller is not kept waiting.
fn gather(first: Write, crowd: usize, jobs: &mut mpsc::Receiver<Job>, held: &mut Option<Job>) -> Vec<Write> {
    let mut waiting = vec![first];
    let mut patience = LINGER.0;
    while waiting.len() < TOGETHER {
        match jobs.try_recv() {
            Ok(Job::Write(next)) => waiting.push(next),
            Ok(other) => {
                *held = Some(other);
                break;
            }
            Err(_) if waiting.len() < crowd && patience > 0 => {
                patience -= 1;
                thread::sleep(LINGER.1);
            }
            Err(_) => break,
        }
    }
    waiting
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

/// Why a whole transaction came to nothing. Those whose batch was refused share this answer: what they ran into was not
/// committed either.
enum Lost {
    /// Nothing was committed.
    Undone(DbError),
    /// The commit failed. Not "nothing was changed": a commit record that was written but not flushed may still be
    /// found after a crash.
    Unknown(DbError),
}

impl From<DbError> for Lost {
    fn from(error: DbError) -> Self {
        Self::Undone(error)
    }
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
