//! Folding the write-ahead log back into the database: most of it in a thread of its own, so that the writer is not kept
//! from its callers by it.
//!
//! By itself SQLite folds the log back at the end of whatever commit makes it long, and everyone behind that commit waits
//! for some ten megabytes to be copied and flushed. Here another connection does that while the writer goes on. Only the
//! writer can bring it to an end, since somebody else never catches up with it: between two commits it folds back the
//! few pages that came meanwhile, and its next write begins the log anew.

use std::{
    cell::Cell,
    ffi::c_int,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
};

use rusqlite::{Connection, hooks::Wal};

use super::{connection, spawn};
use crate::DbError;

/// The log is folded back when it has so many pages.
const LONG: c_int = 4000;

/// A log that became so long all the same is folded back by the commit that made it so, as SQLite would.
const TOO_LONG: c_int = 4 * LONG;

/// How often the log is gone through before the writer finishes.
const PASSES: usize = 3;

thread_local! {
    /// How many pages the log had after the last commit of this thread.
    static PAGES: Cell<c_int> = const { Cell::new(0) };
}

/// What the writer knows of the log.
#[derive(Debug)]
pub(super) struct Log {
    ask: SyncSender<()>,
    /// Set by the other thread when it has done what it was asked.
    folded: Arc<AtomicBool>,
    asked: bool,
    thread: JoinHandle<()>,
}

impl Log {
    /// Opens the connection that folds the log of the database at `path` back.
    pub(super) fn open(path: &Path) -> Result<Self, DbError> {
        let connection = connection::folder(path)?;
        let (ask, asked) = sync_channel(1);
        let folded = Arc::new(AtomicBool::new(false));
        let done = Arc::clone(&folded);
        let thread = spawn("countersign-log", move || work(&connection, &asked, &done))?;
        Ok(Self { ask, folded, asked: false, thread })
    }

    /// To be told by `writer` how long the log is; before the first commit.
    pub(super) fn watch(writer: &Connection) {
        writer.wal_hook(Some(note));
    }

    /// Between two transactions of `writer`: asks for the log to be folded back when it is long, and finishes what the
    /// other thread has done. Nothing depends on it: a log that stays is as durable.
    pub(super) fn tend(&mut self, writer: &Connection) {
        if PAGES.get() < LONG {
            return;
        }
        if !self.asked {
            self.asked = self.ask.try_send(()).is_ok();
        } else if self.folded.swap(false, Ordering::AcqRel) {
            fold(writer);
            // If a reader was in the way, the next commit asks again.
            self.asked = false;
        }
    }

    /// Ends the thread.
    pub(super) fn close(self) {
        drop(self.ask);
        drop(self.thread.join());
    }
}

/// Works until the writer goes away.
fn work(connection: &Connection, asked: &Receiver<()>, done: &AtomicBool) {
    while asked.recv().is_ok() {
        // What came during the first time is little, and what comes during the last is what the writer has to wait for.
        for _ in 0..PASSES {
            fold(connection);
        }
        done.store(true, Ordering::Release);
    }
}

/// Folds back what no reader still needs in the log, without waiting for anybody.
fn fold(connection: &Connection) {
    drop(connection.execute_batch("PRAGMA wal_checkpoint(PASSIVE)"));
}

/// What came of the commit is known by now, so whatever happens here is no error of it.
fn note(log: &Wal, pages: c_int) -> rusqlite::Result<()> {
    PAGES.set(pages);
    if pages >= TOO_LONG {
        drop(log.checkpoint());
    }
    Ok(())
}
