use std::sync::{
    Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use async_trait::async_trait;
use countersign::store::{
    AuditEvent, AuditQuery, Chain, InstanceId, MemoryStore, Record, Removed, Saved, Store, StoreError, Stored, UserId,
    Version,
};

/// What somebody has done to an audit.
pub(crate) type Tamper = fn(&mut Vec<AuditEvent>);

/// A store that fails when it is told to.
#[derive(Debug, Default)]
pub(crate) struct Faulty {
    inner: MemoryStore,
    /// Nothing answers.
    pub(crate) unreachable: AtomicBool,
    /// The next so many saves are done, and their answers lost.
    pub(crate) lose_answers: AtomicUsize,
    /// The next so many saves find that somebody else was first.
    pub(crate) conflicts: AtomicUsize,
    /// What reading the audit finds changed.
    pub(crate) tamper: Mutex<Option<Tamper>>,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Store for Faulty {
    async fn load(&self, user: &UserId) -> Result<Option<Stored>, StoreError> {
        self.reach()?;
        self.inner.load(user).await
    }

    async fn save(
        &self,
        user: &UserId,
        expected: Option<Version>,
        record: &Record,
        events: &[AuditEvent],
    ) -> Result<Saved, StoreError> {
        self.reach()?;
        if take(&self.conflicts) {
            return Ok(Saved::Conflict);
        }
        let saved = self.inner.save(user, expected, record, events).await?;
        if take(&self.lose_answers) { Err(StoreError::Unknown("the test lost the answer".into())) } else { Ok(saved) }
    }

    async fn remove(&self, user: &UserId, expected: Version, events: &[AuditEvent]) -> Result<Removed, StoreError> {
        self.inner.remove(user, expected, events).await
    }

    async fn users(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<UserId>, StoreError> {
        self.inner.users(after, limit).await
    }

    async fn audit(&self, query: &AuditQuery) -> Result<Vec<AuditEvent>, StoreError> {
        let tamper = *self.tamper.lock().unwrap();
        let Some(tamper) = tamper else { return self.inner.audit(query).await };
        let mut all = self.inner.audit(&AuditQuery::oldest(query.chain.clone(), 1000)).await?;
        tamper(&mut all);
        all.retain(|event| query.after.is_none_or(|after| event.sequence > after));
        Ok(all)
    }

    async fn chains(&self, after: Option<&Chain>, limit: usize) -> Result<Vec<Chain>, StoreError> {
        self.inner.chains(after, limit).await
    }

    async fn append(&self, instance: &InstanceId, events: &[AuditEvent]) -> Result<(), StoreError> {
        self.inner.append(instance, events).await
    }

    async fn prune(&self, chain: &Chain, through: u64) -> Result<u64, StoreError> {
        self.inner.prune(chain, through).await
    }
}

impl Faulty {
    fn reach(&self) -> Result<(), StoreError> {
        if self.unreachable.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("switched off by the test".into()));
        }
        Ok(())
    }
}

fn take(counter: &AtomicUsize) -> bool {
    counter.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}
