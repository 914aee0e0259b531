use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use countersign_backup_codes::Workspace;
use tokio::sync::{Semaphore, TryAcquireError};

/// Where slow hashes run: so many at a time, each with working memory that is used again, and no longer a queue than a
/// bound. A storm of sign-ins then costs time, never memory, and never delays what needs no slow hash.
///
/// Clones share one pool.
#[derive(Clone, Debug)]
pub struct HashPool(Arc<Inner>);

/// More slow hashes are waiting than the bound allows. Nothing was hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many slow hashes are waiting")]
pub struct Busy;

#[derive(Debug)]
struct Inner {
    running: Semaphore,
    /// One permit for whatever runs or waits.
    admitted: Semaphore,
    idle: Mutex<Vec<Workspace>>,
}

impl HashPool {
    /// A pool that runs `at_once` hashes at a time and lets `waiting` more queue.
    #[must_use]
    pub fn new(at_once: NonZeroUsize, waiting: usize) -> Self {
        let most = at_once.get().saturating_add(waiting).min(Semaphore::MAX_PERMITS);
        Self(Arc::new(Inner {
            running: Semaphore::new(at_once.get().min(Semaphore::MAX_PERMITS)),
            admitted: Semaphore::new(most),
            idle: Mutex::new(Vec::new()),
        }))
    }

    /// Runs `work` on a thread that may block, with working memory of its own meanwhile. Once begun it runs to its end,
    /// also when nobody waits for it any more.
    ///
    /// # Errors
    /// [`Busy`], at once, when the queue is full.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Workspace) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let admitted = match self.0.admitted.try_acquire() {
            Ok(permit) => permit,
            Err(TryAcquireError::NoPermits | TryAcquireError::Closed) => return Err(Busy),
        };
        let pool = Arc::clone(&self.0);
        let permit = self.0.running.acquire().await.map_err(|_| Busy)?;
        // Both permits go with the thread: a caller that goes away frees nothing that is still in use.
        permit.forget();
        admitted.forget();
        let done = tokio::task::spawn_blocking(move || {
            let slot = Slot(&pool);
            let mut workspace = slot.workspace();
            let used_before = workspace.used();
            let value = work(&mut workspace);
            let hashes = workspace.used() - used_before;
            slot.put_back(workspace);
            (value, hashes)
        });
        let (value, hashes) = done.await.map_err(|_| Busy)?;
        metrics::counter!("countersign_argon2_hashes_total").increment(hashes);
        Ok(value)
    }
}

impl Default for HashPool {
    /// As many at once as there are cores, and a queue of 256 for each: on present machines some three to five seconds
    /// of hashing, the longest that somebody who signs in is kept waiting before the answer is [`Busy`] at once.
    fn default() -> Self {
        let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self::new(cores, cores.get().saturating_mul(256))
    }
}

/// Gives its permits back when the work is over, also by a panic.
struct Slot<'a>(&'a Inner);

impl Slot<'_> {
    fn workspace(&self) -> Workspace {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    fn put_back(&self, workspace: Workspace) {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).push(workspace);
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.0.running.add_permits(1);
        self.0.admitted.add_permits(1);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_full_queue_refuses_at_once_and_recovers() {
        let pool = HashPool::new(NonZeroUsize::MIN, 0);
        let (release, wait) = mpsc::channel::<()>();
        let (started, has_started) = tokio::sync::oneshot::channel();
        let first = tokio::spawn({
            let pool = pool.clone();
            async move {
                pool.run(move |_| {
                    started.send(()).unwrap();
                    wait.recv().unwrap();
                })
                .await
            }
        });
        has_started.await.unwrap();
        assert_eq!(pool.run(|_| ()).await, Err(Busy));
        release.send(()).unwrap();
        assert_eq!(first.await.unwrap(), Ok(()));
        assert_eq!(pool.run(|_| 7).await, Ok(7));
    }

    #[tokio::test]
    async fn a_panic_in_the_work_gives_the_place_back() {
        let pool = HashPool::new(NonZeroUsize::MIN, 0);
        assert_eq!(pool.run(|_| panic!("as the test wants it")).await, Err(Busy));
        assert_eq!(pool.run(|_| 7).await, Ok(7));
    }
}
