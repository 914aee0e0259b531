use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{connection::run, waiting::Waiting};
use crate::{DbError, Row, Statement};

/// A question, and where its answer goes.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) statement: Statement,
    pub(super) reply: oneshot::Sender<Result<Vec<Row>, DbError>>,
}

/// Works until the queue is closed and empty.
pub(super) fn work(connection: &Connection, queue: &Waiting<Read>) {
    while let Some(read) = queue.next() {
        if !read.reply.is_closed() {
            drop(read.reply.send(run(connection, &read.statement).map(|outcome| outcome.rows)));
        }
    }
}
