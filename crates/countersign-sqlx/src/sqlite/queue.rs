//! What the writer does about those who wait, apart from the database: whom it takes together, and what each is told.

use std::{error::Error, thread, time::Duration};

use tokio::sync::{mpsc, oneshot};

use super::claim::Claim;
use crate::{DbError, Migration, Statement, Written};

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

/// So many do not make a crowd: two that met by chance, such as two writes of one request.
const PAIR: usize = 2;

/// What the writer needs of its database.
pub(super) trait Transactions {
    /// Waits for the lock, in bounded time.
    fn begin(&mut self) -> Result<(), DbError>;

    /// Runs the batches in the transaction that has begun and ends it; tells what became of each once that is durable.
    fn run(&mut self, batches: &[Vec<Statement>]) -> Result<Vec<Result<Written, DbError>>, Lost>;

    fn migrate(&mut self, owner: &str, migrations: &[Migration]) -> Result<(), DbError>;
}

/// Where jobs come from.
pub(super) trait Jobs {
    /// The next one, waiting for it. None: there will be no more.
    fn wait(&mut self) -> Option<Job>;

    /// The next one, if one is there.
    fn at_once(&mut self) -> Option<Job>;

    fn linger(&mut self, time: Duration);
}

impl Jobs for mpsc::Receiver<Job> {
    fn wait(&mut self) -> Option<Job> {
        self.blocking_recv()
    }

    fn at_once(&mut self) -> Option<Job> {
        self.try_recv().ok()
    }

    fn linger(&mut self, time: Duration) {
        thread::sleep(time);
    }
}

/// Works until told to close, and hands on where to say that it is done; or until there will be no more jobs.
pub(super) fn work(database: &mut impl Transactions, jobs: &mut impl Jobs) -> Option<oneshot::Sender<()>> {
    let mut held = None;
    let mut crowd = 1;
    loop {
        match held.take().or_else(|| jobs.wait())? {
            Job::Close { reply } => return Some(reply),
            Job::Migrate { owner, migrations, reply } => drop(reply.send(database.migrate(owner, &migrations))),
            Job::Write(first) => {
                let waiting = gather(first, crowd, jobs, &mut held);
                crowd = waiting.len();
                write_together(database, waiting);
            }
        }
    }
}

/// What a caller says, given what it was told in time, if anything.
pub(super) fn settle(claim: &Claim, told: Option<Result<Written, DbError>>) -> Result<Written, DbError> {
    match told {
        Some(result) => result,
        // Not begun, and now never will be.
        None if claim.take() => Err(DbError::unavailable("the writer is busy or closed")),
        None => Err(DbError::unknown("the writer was too slow")),
    }
}

/// All that wait. Those just answered tend to come back at once, but not before the first of them: without a moment's
/// patience a commit for one would go before every commit for the rest. A lone caller is not kept waiting, nor is one after
/// a pair.
fn gather(first: Write, crowd: usize, jobs: &mut impl Jobs, held: &mut Option<Job>) -> Vec<Write> {
    let mut waiting = vec![first];
    let mut patience = if crowd > PAIR { LINGER.0 } else { 0 };
    while waiting.len() < TOGETHER {
        match jobs.at_once() {
            Some(Job::Write(next)) => waiting.push(next),
            Some(other) => {
                *held = Some(other);
                break;
            }
            None if waiting.len() < crowd && patience > 0 => {
                patience -= 1;
                jobs.linger(LINGER.1);
            }
            None => break,
        }
    }
    waiting
}

/// One transaction for all that wait, and an answer for each of them after the commit.
fn write_together(database: &mut impl Transactions, waiting: Vec<Write>) {
    if let Err(error) = database.begin() {
        let lost = Lost::Undone(error);
        waiting.into_iter().for_each(|write| drop(write.reply.send(Err(lost.error()))));
        return;
    }
    // Claimed only now: while another process held the lock, some may have given up.
    let claimed = waiting.into_iter().filter(|write| write.claim.take());
    let (replies, batches): (Vec<_>, Vec<_>) = claimed.map(|write| (write.reply, write.batch)).unzip();
    match database.run(&batches) {
        Ok(results) => replies.into_iter().zip(results).for_each(|(reply, result)| drop(reply.send(result))),
        Err(lost) => replies.into_iter().for_each(|reply| drop(reply.send(Err(lost.error())))),
    }
}

/// Why a whole transaction came to nothing. Those whose batch was refused share this answer: what they ran into was not
/// committed either.
pub(super) enum Lost {
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
    pub(super) fn error(&self) -> DbError {
        let why = |error: &DbError| error.source().map_or_else(|| error.to_string(), ToString::to_string);
        match self {
            Self::Undone(error) => DbError::unavailable(why(error)),
            Self::Unknown(error) => DbError::unknown(why(error)),
        }
    }
}

/// Schedules of callers and writer, drawn at random, on a database that only remembers.
#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use shuttle::{future::block_on, sync::Mutex, thread};

    use super::*;
    use crate::{Outcome, Value};

    const SCHEDULES: usize = 1000;

    /// What is durable: the numbers that were written, in their order.
    #[derive(Clone)]
    struct Disk(Arc<Mutex<Vec<i64>>>);

    impl Disk {
        fn put(&self, numbers: impl Iterator<Item = i64>) {
            self.0.lock().unwrap().extend(numbers);
        }

        fn has(&self, number: i64) -> bool {
            self.0.lock().unwrap().contains(&number)
        }
    }

    struct Remembers {
        disk: Disk,
        begun: usize,
        /// This transaction does not get the lock, and this one does not come through its commit.
        fail: (usize, usize),
    }

    impl Transactions for Remembers {
        fn begin(&mut self) -> Result<(), DbError> {
            self.begun += 1;
            thread::yield_now();
            if self.begun == self.fail.0 { Err(DbError::unavailable("locked")) } else { Ok(()) }
        }

        fn run(&mut self, batches: &[Vec<Statement>]) -> Result<Vec<Result<Written, DbError>>, Lost> {
            let number = |batch: &Vec<Statement>| match batch[0].values[..] {
                [Value::Int(number)] => number,
                _ => panic!("{batch:?}"),
            };
            let outcome = |_| Ok(Written::Done(vec![Outcome { affected: 1, rows: Vec::new() }]));
            thread::yield_now();
            self.disk.put(batches.iter().map(number));
            if self.begun == self.fail.1 {
                // As a commit that was written but not flushed may be: there, and nobody can tell.
                return Err(Lost::Unknown(DbError::unavailable("not flushed")));
            }
            thread::yield_now();
            Ok(batches.iter().map(outcome).collect())
        }

        fn migrate(&mut self, _: &str, _: &[Migration]) -> Result<(), DbError> {
            Ok(())
        }
    }

    struct Scheduled(mpsc::Receiver<Job>);

    impl Jobs for Scheduled {
        fn wait(&mut self) -> Option<Job> {
            block_on(self.0.recv())
        }

        fn at_once(&mut self) -> Option<Job> {
            self.0.try_recv().ok()
        }

        fn linger(&mut self, _: Duration) {
            thread::yield_now();
        }
    }

    /// Sends one write and says what came of it; one in a hurry runs out of patience whenever the schedule has it.
    fn write(jobs: &mpsc::Sender<Job>, number: i64, hurry: bool) -> Result<Written, DbError> {
        let (claim, (reply, mut answer)) = (Claim::default(), oneshot::channel());
        let batch = vec![Statement::new("").bind(number)];
        assert!(jobs.try_send(Job::Write(Write { batch, claim: claim.clone(), reply })).is_ok());
        if !hurry {
            return settle(&claim, block_on(answer).ok());
        }
        thread::yield_now();
        settle(&claim, answer.try_recv().ok())
    }

    /// Whatever the schedule: "done" is durable when it is said, "nothing was changed" stays true for ever, nothing is
    /// done twice, everyone is answered, and closing lets what waits be done.
    fn race(fail: (usize, usize)) {
        let (jobs, todo) = mpsc::channel(8);
        let disk = Disk(Arc::default());
        let mut database = Remembers { disk: disk.clone(), begun: 0, fail };
        let writer = thread::spawn(move || work(&mut database, &mut Scheduled(todo)).map(|reply| reply.send(())));
        let callers: Vec<_> = (0..4)
            .map(|number| {
                let (jobs, disk) = (jobs.clone(), disk.clone());
                thread::spawn(move || {
                    let said = write(&jobs, number, number % 2 == 0);
                    assert!(!matches!(said, Ok(Written::Done(_))) || disk.has(number), "said before it was durable");
                    said
                })
            })
            .collect();
        let said: Vec<_> = callers.into_iter().map(|caller| caller.join().unwrap()).collect();
        let (reply, closed) = oneshot::channel();
        jobs.try_send(Job::Close { reply }).unwrap();
        block_on(closed).unwrap();
        writer.join().unwrap();
        for (number, said) in (0..).zip(said) {
            let count = disk.0.lock().unwrap().iter().filter(|found| **found == number).count();
            match said {
                Ok(Written::Done(_)) => assert_eq!(count, 1, "{number} was done {count} times"),
                Err(DbError::Unavailable(_)) => assert_eq!(count, 0, "{number} was refused and done"),
                Err(DbError::Unknown(_)) => assert!(count <= 1, "{number} was done {count} times"),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn every_schedule_keeps_what_was_said() {
        for fail in [(0, 0), (1, 0), (0, 1), (1, 2)] {
            shuttle::check_random(move || race(fail), SCHEDULES);
            shuttle::check_pct(move || race(fail), SCHEDULES, 3);
        }
    }
}
