use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::connection::run;
use crate::{DbError, Row, Statement};

/// A question, and where its answer goes.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) statement: Statement,
    pub(super) reply: oneshot::Sender<Result<Vec<Row>, DbError>>,
}

/// The queue that the readers share. Whoever holds the lock waits for the next question; the others wait for the lock.
pub(super) type Queue = Arc<Mutex<mpsc::Receiver<Read>>>;

/// Works until the queue is closed and empty.
pub(super) fn work(connection: &Connection, queue: &Queue) {
    while let Some(read) = next(queue) {
        if !read.reply.is_closed() {
            drop(read.reply.send(run(connection, &read.statement).map(|outcome| outcome.rows)));
        }
    }
}

fn next(queue: &Queue) -> Option<Read> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv()
}
