use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;

use crate::{
    AuditEvent, AuditQuery, Chain, InstanceId, Order, Record, Removed, Saved, Store, StoreError, Stored, UserId,
    Version,
};

/// A store that forgets everything when the process ends: for tests, examples and trying things out.
///
/// Clones share their content. It keeps the whole contract but for durability.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore(Arc<Mutex<Tables>>);

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Every method is one turn under this lock, without an await inside: that is what makes each of them atomic.
    fn with<T>(&self, act: impl FnOnce(&mut Tables) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn load(&self, user: &UserId) -> Result<Option<Stored>, StoreError> {
        Ok(self.with(|tables| {
            let row = tables.records.get(user)?;
            Some(Stored { record: row.record.clone()?, version: row.version })
        }))
    }

    async fn save(
        &self,
        user: &UserId,
        expected: Option<Version>,
        record: &Record,
        events: &[AuditEvent],
    ) -> Result<Saved, StoreError> {
        record.check()?;
        AuditEvent::check(events)?;
        self.with(|tables| {
            if tables.live_version(user) != expected {
                return Ok(Saved::Conflict);
            }
            tables.append(Chain::User(user.clone()), events)?;
            Ok(Saved::Stored(tables.put(user, Some(record.clone()))))
        })
    }

    async fn remove(&self, user: &UserId, expected: Version, events: &[AuditEvent]) -> Result<Removed, StoreError> {
        AuditEvent::check(events)?;
        self.with(|tables| {
            if tables.live_version(user) != Some(expected) {
                return Ok(Removed::Conflict);
            }
            tables.append(Chain::User(user.clone()), events)?;
            tables.put(user, None);
            Ok(Removed::Done)
        })
    }

    async fn users(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<UserId>, StoreError> {
        Ok(self.with(|tables| {
            let rest = tables.records.range::<UserId, _>((beyond(after), Bound::Unbounded));
            rest.filter(|(_, row)| row.record.is_some()).map(|(user, _)| user.clone()).take(limit).collect()
        }))
    }

    async fn audit(&self, query: &AuditQuery) -> Result<Vec<AuditEvent>, StoreError> {
        Ok(self.with(|tables| {
            let Some(events) = tables.audit.get(&query.chain) else { return Vec::new() };
            match query.order {
                Order::OldestFirst => {
                    let range = (beyond(query.after.as_ref()), Bound::Unbounded);
                    events.range(range).map(|(_, event)| event.clone()).take(query.limit).collect()
                }
                Order::NewestFirst => {
                    let end = query.after.unwrap_or(u64::MAX);
                    events.range(..end).rev().map(|(_, event)| event.clone()).take(query.limit).collect()
                }
            }
        }))
    }

    async fn chains(&self, after: Option<&Chain>, limit: usize) -> Result<Vec<Chain>, StoreError> {
        Ok(self.with(|tables| {
            let rest = tables.audit.range::<Chain, _>((beyond(after), Bound::Unbounded));
            rest.map(|(chain, _)| chain.clone()).take(limit).collect()
        }))
    }

    async fn append(&self, instance: &InstanceId, events: &[AuditEvent]) -> Result<(), StoreError> {
        AuditEvent::check(events)?;
        self.with(|tables| tables.append(Chain::Instance(instance.clone()), events))
    }

    async fn prune(&self, chain: &Chain, through: u64) -> Result<u64, StoreError> {
        Ok(self.with(|tables| {
            let Some(events) = tables.audit.get_mut(chain) else { return 0 };
            let before = events.len();
            events.retain(|sequence, _| *sequence > through);
            let gone = before - events.len();
            if events.is_empty() {
                tables.audit.remove(chain);
            }
            gone as u64
        }))
    }
}

#[derive(Debug, Default)]
struct Tables {
    records: BTreeMap<UserId, Row>,
    audit: BTreeMap<Chain, BTreeMap<u64, AuditEvent>>,
}

/// A removed record leaves its row behind, so that versions never start again.
#[derive(Debug)]
struct Row {
    record: Option<Record>,
    version: Version,
}

impl Tables {
    fn live_version(&self, user: &UserId) -> Option<Version> {
        self.records.get(user).filter(|row| row.record.is_some()).map(|row| row.version)
    }

    fn put(&mut self, user: &UserId, record: Option<Record>) -> Version {
        let version = Version::new(self.records.get(user).map_or(1, |row| row.version.get() + 1));
        self.records.insert(user.clone(), Row { record, version });
        version
    }

    /// All or none: the clash is looked for before the first event goes in.
    fn append(&mut self, chain: Chain, events: &[AuditEvent]) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        let rows = self.audit.entry(chain).or_default();
        if events.iter().any(|event| rows.contains_key(&event.sequence)) {
            return Err(StoreError::Corrupt("the audit already has an event with this sequence number".into()));
        }
        rows.extend(events.iter().map(|event| (event.sequence, event.clone())));
        Ok(())
    }
}

fn beyond<T>(after: Option<&T>) -> Bound<&T> {
    after.map_or(Bound::Unbounded, Bound::Excluded)
}
