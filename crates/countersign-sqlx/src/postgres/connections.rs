use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use countersign_clock::{Clock as _, SystemClock};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::error::{Stage, failed};
use crate::DbError;

/// The connections to one database, of which there are at most so many. Clones share them.
///
/// A connection comes back only after its work has ended well, and so is fit for the next. The pool of sqlx cannot know
/// that and asks each one that comes back whether it still lives: one more round trip for every piece of work.
#[derive(Clone)]
pub(super) struct Connections(Arc<Shared>);

struct Shared {
    options: PgConnectOptions,
    clock: SystemClock,
    most: u32,
    /// One for each connection that may be lent.
    permits: Arc<Semaphore>,
    /// Those that are not lent, the last used last.
    idle: Mutex<Vec<Idle>>,
    /// How many are still to be asked whether they live: when one broke, the others may have too.
    doubts: AtomicU32,
}

struct Idle {
    connection: PgConnection,
    /// When it was opened, by the monotonic clock.
    opened: Duration,
    /// Since when it has rested.
    since: Duration,
}

/// How long to wait for a connection.
const PATIENCE: Duration = Duration::from_millis(500);

/// One that has rested longer is asked whether it still lives before it is used.
const RESTED: Duration = Duration::from_secs(5);

/// One that has rested longer is closed.
const UNUSED: Duration = Duration::from_secs(600);

/// One that is older is closed instead of being used again.
const OLD: Duration = Duration::from_secs(3600);

impl Connections {
    /// Opens the first of at most `most` connections, and at least one.
    ///
    /// # Errors
    /// [`DbError::Open`] if it cannot be opened.
    pub(super) async fn open(options: PgConnectOptions, most: u32) -> Result<Self, DbError> {
        let most = most.max(1);
        let permits = usize::try_from(most).unwrap_or(Semaphore::MAX_PERMITS).min(Semaphore::MAX_PERMITS);
        let connections = Self(Arc::new(Shared {
            options,
            clock: SystemClock::new(),
            most,
            permits: Arc::new(Semaphore::new(permits)),
            idle: Mutex::default(),
            doubts: AtomicU32::new(0),
        }));
        let first = timeout(PATIENCE, connections.0.connect()).await.map_err(|late| DbError::Open(late.into()))?;
        let (connection, opened) = first.map_err(|error| DbError::Open(error.into()))?;
        connections.0.rest(connection, opened);
        Ok(connections)
    }

    /// A connection that is fit for use, as far as can be told.
    ///
    /// # Errors
    /// [`DbError`] if none is free or can be opened in time, or after [`close`](Self::close). Nothing was sent.
    pub(super) async fn lend(&self) -> Result<Lent, DbError> {
        let lend = async {
            let permit = Arc::clone(&self.0.permits).acquire_owned().await;
            let permit = permit.map_err(|closed| DbError::Unavailable(closed.into()))?;
            let (connection, opened) = self.0.fit().await.map_err(|error| failed(error, Stage::Before))?;
            Ok(Lent { connection, opened, shared: Arc::clone(&self.0), permit })
        };
        let late = |_| Err(DbError::Unavailable("no connection to the database is free".into()));
        timeout(PATIENCE, lend).await.unwrap_or_else(late)
    }

    /// Lends no more, waits until all have come back and closes them.
    pub(super) async fn close(&self) {
        // Whoever waits for a permit is before this in the queue.
        drop(Arc::clone(&self.0.permits).acquire_many_owned(self.0.most).await);
        self.0.permits.close();
        let idle = std::mem::take(&mut *self.0.idle());
        for idle in idle {
            drop(idle.connection.close().await);
        }
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").field("most", &self.0.most).finish_non_exhaustive()
    }
}

impl Shared {
    /// The one that was used last, if it is fit for use, or a new one; and when it was opened.
    async fn fit(&self) -> Result<(PgConnection, Duration), sqlx::Error> {
        loop {
            let Some(mut idle) = self.idle().pop() else { return self.connect().await };
            let in_doubt = self.doubts.fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(1));
            let is_young = self.past(idle.opened) < OLD;
            let is_sure = in_doubt.is_err() && self.past(idle.since) < RESTED;
            if is_young && (is_sure || idle.connection.ping().await.is_ok()) {
                return Ok((idle.connection, idle.opened));
            }
        }
    }

    async fn connect(&self) -> Result<(PgConnection, Duration), sqlx::Error> {
        Ok((PgConnection::connect_with(&self.options).await?, self.clock.monotonic()))
    }

    fn rest(&self, connection: PgConnection, opened: Duration) {
        let mut idle = self.idle();
        idle.push(Idle { connection, opened, since: self.clock.monotonic() });
        // The first has rested for the longest time.
        if self.past(idle[0].since) > UNUSED {
            idle.remove(0);
        }
    }

    fn past(&self, moment: Duration) -> Duration {
        self.clock.monotonic().saturating_sub(moment)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that is lent. Unless it is given back it is closed, whatever state it is in; the server undoes what was
/// not committed.
pub(super) struct Lent {
    pub(super) connection: PgConnection,
    opened: Duration,
    shared: Arc<Shared>,
    permit: OwnedSemaphorePermit,
}

impl Lent {
    /// Gives it to the next: what was asked on it has been answered, and nothing is under way.
    pub(super) fn give_back(self) {
        self.shared.rest(self.connection, self.opened);
        drop(self.permit);
    }

    /// Closes it, and has the others asked whether they still live.
    pub(super) fn give_up(self) {
        self.shared.doubts.store(self.shared.most, Ordering::Release);
    }
}
