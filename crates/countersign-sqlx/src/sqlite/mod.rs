//! SQLite: one thread that writes, some that read, and queues between them and the callers.

mod claim;
mod connection;
mod log;
mod options;
mod queue;
mod reader;
mod waiting;
mod writer;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

use claim::{Claim, GiveUp};
use log::Log;
pub use options::SqliteOptions;
use queue::{Job, Write, settle};
use reader::Read;
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};
use waiting::Waiting;

use crate::{DbError, Migration, Row, Statement, Written, database::PATIENCE};

pub(crate) struct Sqlite {
    path: PathBuf,
    jobs: mpsc::Sender<Job>,
    reads: Arc<Waiting<Read>>,
    readers: Mutex<Vec<JoinHandle<()>>>,
}

impl Sqlite {
    /// Opens the connections, in a thread of their own: opening may wait for a recovery after a crash.
    pub(crate) async fn open(path: &Path, options: SqliteOptions) -> Result<Self, DbError> {
        let path = path.to_owned();
        let opened = tokio::task::spawn_blocking(move || Self::open_here(path, options)).await;
        opened.map_err(|error| DbError::Open(error.into()))?
    }

    fn open_here(path: PathBuf, options: SqliteOptions) -> Result<Self, DbError> {
        let writer = connection::writer(&path, options)?;
        let (jobs, todo) = mpsc::channel(options.queue.max(1));
        let log = Log::open(&path)?;
        spawn("countersign-writer", move || writer::work(writer, log, todo))?;
        let reads = Arc::new(Waiting::new(options.queue.max(1)));
        let mut readers = Vec::new();
        for _ in 0..options.readers.max(1) {
            let reader = connection::reader(&path)?;
            let reads = Arc::clone(&reads);
            readers.push(spawn("countersign-reader", move || reader::work(&reader, &reads))?);
        }
        Ok(Self { path, jobs, reads, readers: Mutex::new(readers) })
    }

    pub(crate) async fn write(&self, batch: Vec<Statement>) -> Result<Written, DbError> {
        let claim = Claim::default();
        let _give_up = GiveUp(claim.clone());
        let (reply, answer) = oneshot::channel();
        let job = Job::Write(Write { batch, claim: claim.clone(), reply });
        let talk = async { if self.jobs.send(job).await.is_ok() { answer.await.ok() } else { None } };
        settle(&claim, timeout(PATIENCE, talk).await.ok().flatten())
    }

    pub(crate) async fn fetch(&self, statement: Statement) -> Result<Vec<Row>, DbError> {
        let (reply, answer) = oneshot::channel();
        let talk = async { if self.reads.put(Read { statement, reply }).await { answer.await.ok() } else { None } };
        match timeout(PATIENCE, talk).await {
            Ok(Some(result)) => result,
            Ok(None) | Err(_) => Err(DbError::unavailable("the readers are busy or closed")),
        }
    }

    pub(crate) async fn migrate(&self, owner: &'static str, migrations: &[Migration]) -> Result<(), DbError> {
        let (reply, answer) = oneshot::channel();
        let job = Job::Migrate { owner, migrations: migrations.to_vec(), reply };
        self.jobs.send(job).await.map_err(|_| DbError::unavailable("closed"))?;
        answer.await.map_err(|_| DbError::unavailable("closed"))?
    }

    /// Lets what waits be done, then ends the threads and closes the file. The writer goes last: only a connection that
    /// can write folds the log into the database as it closes.
    pub(crate) async fn close(&self) {
        self.reads.close();
        let readers = std::mem::take(&mut *self.readers.lock().unwrap_or_else(PoisonError::into_inner));
        let ended = tokio::task::spawn_blocking(|| readers.into_iter().for_each(|reader| drop(reader.join())));
        drop(ended.await);
        let (reply, done) = oneshot::channel();
        if self.jobs.send(Job::Close { reply }).await.is_ok() {
            drop(done.await);
        }
    }
}

impl Drop for Sqlite {
    /// A database that nobody closed lets its readers go all the same, as it does its writer.
    fn drop(&mut self) {
        self.reads.close();
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite").field("path", &self.path).finish_non_exhaustive()
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, DbError> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map_err(|error| DbError::Open(error.into()))
}
