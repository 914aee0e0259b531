#[cfg(not(test))]
use std::sync::Mutex;
use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, PoisonError},
};

use async_trait::async_trait;
/// The same lock, but the schedule tests decide who has the next turn.
#[cfg(test)]
use shuttle::sync::Mutex;

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

/// Schedules that the real threads of the conformance kit may never meet, drawn at random.
#[cfg(test)]
mod tests {
    use countersign_clock::Timestamp;
    use shuttle::{future::block_on, thread};

    use super::*;
    use crate::SaveId;

    const SCHEDULES: usize = 2000;

    fn record(count: u8) -> Record {
        let at = Timestamp::from_millis(0);
        Record {
            body: vec![count],
            save_id: SaveId::new([count; 16]),
            enabled: true,
            locked_until: None,
            updated_at: at,
        }
    }

    fn event(sequence: u8) -> AuditEvent {
        AuditEvent {
            sequence: sequence.into(),
            at: Timestamp::from_millis(0),
            kind: "case".to_owned(),
            detail: "{}".to_owned(),
            key_id: "k1".to_owned(),
            mac: [sequence; 32],
        }
    }

    /// Loads, adds one and saves with its event, until it is stored.
    async fn add_one(store: &MemoryStore, user: &UserId) {
        loop {
            let stored = store.load(user).await.unwrap();
            let next = stored.as_ref().map_or(0, |stored| stored.record.body[0]) + 1;
            let expected = stored.map(|stored| stored.version);
            match store.save(user, expected, &record(next), &[event(next)]).await {
                Ok(Saved::Stored(_)) => break,
                Ok(Saved::Conflict) => {}
                Err(error) => panic!("its event met another's: {error}"),
            }
        }
    }

    #[test]
    fn no_schedule_loses_an_update() {
        let race = || {
            let (store, alice) = (MemoryStore::new(), UserId::new("alice").unwrap());
            let adders = [(); 3].map(|()| {
                let (store, alice) = (store.clone(), alice.clone());
                thread::spawn(move || block_on(add_one(&store, &alice)))
            });
            adders.into_iter().for_each(|adder| adder.join().unwrap());
            let stored = block_on(store.load(&alice)).unwrap().unwrap();
            assert_eq!((stored.record, stored.version), (record(3), Version::new(3)));
            let events = block_on(store.audit(&AuditQuery::oldest(alice, 10))).unwrap();
            assert_eq!(events, [event(1), event(2), event(3)]);
        };
        shuttle::check_random(race, SCHEDULES);
        shuttle::check_pct(race, SCHEDULES, 3);
    }

    #[test]
    fn a_save_and_a_removal_of_one_version_do_not_both_win() {
        let race = || {
            let (store, alice) = (MemoryStore::new(), UserId::new("alice").unwrap());
            let Saved::Stored(first) = block_on(store.save(&alice, None, &record(1), &[])).unwrap() else { panic!() };
            let (other, bob) = (store.clone(), alice.clone());
            let saver =
                thread::spawn(move || block_on(other.save(&bob, Some(first), &record(2), &[event(1)])).unwrap());
            let removed = block_on(store.remove(&alice, first, &[event(1)])).unwrap();
            let saved = saver.join().unwrap();
            let there = block_on(store.load(&alice)).unwrap().is_some();
            match (saved, removed) {
                (Saved::Stored(_), Removed::Conflict) => assert!(there),
                (Saved::Conflict, Removed::Done) => assert!(!there),
                both => panic!("{both:?}"),
            }
        };
        shuttle::check_random(race, SCHEDULES);
        shuttle::check_pct(race, SCHEDULES, 3);
    }
}
