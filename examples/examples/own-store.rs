//! A store of one's own in under 60 lines, checked by the conformance kit. It keeps everything in memory, under one
//! lock; in a database, what happens between lock and answer is one transaction.
//!
//! ```text
//! cargo run -p countersign-examples --example own-store
//! ```

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::{collections::BTreeMap, mem, sync::Arc};

use countersign::store::{
    AuditEvent, AuditQuery, Chain, InstanceId, Order, Record, Removed, Saved, Store, StoreError, Stored, UserId,
    Version,
};
use countersign_store::conformance::{CASES, Subject, run};
use tokio::sync::Mutex;

fn main() {
    for case in CASES {
        // It panics if the store breaks its contract.
        run((case.run)(Subject::new(Arc::new(OwnStore::default()))));
        println!("holds: {}", case.name);
    }
}

#[derive(Debug, Default)]
struct OwnStore(Mutex<Rows>);

/// Of each chain: how often it was saved, the record if there is one, and the events.
type Rows = BTreeMap<Chain, (u64, Option<Record>, BTreeMap<u64, AuditEvent>)>;
type Answer<T> = Result<T, StoreError>;

/// The one step that everything hangs on. Versions go on growing after a removal, for the row stays.
fn swap(rows: &mut Rows, of: Chain, old: Option<Version>, new: Option<&Record>, log: &[AuditEvent]) -> Answer<Saved> {
    AuditEvent::check(log)?;
    let (saves, record, events) = rows.entry(of).or_default();
    if record.as_ref().map(|_| Version::new(*saves)) != old {
        return Ok(Saved::Conflict);
    } else if log.iter().any(|event| events.contains_key(&event.sequence)) {
        return Err(StoreError::Corrupt("the sequence number is taken".into()));
    }
    events.extend(log.iter().map(|event| (event.sequence, event.clone())));
    (*saves, *record) = (*saves + 1, new.cloned());
    Ok(Saved::Stored(Version::new(*saves)))
}

#[async_trait::async_trait]
impl Store for OwnStore {
    async fn load(&self, user: &UserId) -> Answer<Option<Stored>> {
        let row = self.0.lock().await.get(&user.clone().into()).cloned();
        Ok(row.and_then(|row| Some(Stored { record: row.1?, version: Version::new(row.0) })))
    }

    async fn save(&self, user: &UserId, old: Option<Version>, new: &Record, log: &[AuditEvent]) -> Answer<Saved> {
        new.check()?;
        swap(&mut *self.0.lock().await, user.clone().into(), old, Some(new), log)
    }

    async fn remove(&self, user: &UserId, old: Version, log: &[AuditEvent]) -> Answer<Removed> {
        let saved = swap(&mut *self.0.lock().await, user.clone().into(), Some(old), None, log)?;
        Ok(if saved == Saved::Conflict { Removed::Conflict } else { Removed::Done })
    }

    async fn users(&self, after: Option<&UserId>, limit: usize) -> Answer<Vec<UserId>> {
        let rows = self.0.lock().await;
        let user = |chain: &Chain| if let Chain::User(user) = chain { Some(user.clone()) } else { None };
        let users = rows.iter().filter(|(_, row)| row.1.is_some()).filter_map(|(chain, _)| user(chain));
        Ok(users.filter(|user| Some(user) > after).take(limit).collect())
    }

    async fn audit(&self, query: &AuditQuery) -> Answer<Vec<AuditEvent>> {
        let events = self.0.lock().await.get(&query.chain).cloned().unwrap_or_default().2.into_values();
        let (limit, after, end) = (query.limit, query.after, query.after.unwrap_or(u64::MAX));
        Ok(match query.order {
            Order::OldestFirst => events.filter(|event| Some(event.sequence) > after).take(limit).collect(),
            Order::NewestFirst => events.rev().filter(|event| event.sequence < end).take(limit).collect(),
        })
    }

    async fn chains(&self, after: Option<&Chain>, limit: usize) -> Answer<Vec<Chain>> {
        let rows = self.0.lock().await;
        let chains = rows.iter().filter(|(_, row)| !row.2.is_empty()).map(|(chain, _)| chain.clone());
        Ok(chains.filter(|chain| Some(chain) > after).take(limit).collect())
    }

    async fn append(&self, instance: &InstanceId, log: &[AuditEvent]) -> Answer<()> {
        swap(&mut *self.0.lock().await, instance.clone().into(), None, None, log).map(drop)
    }

    async fn prune(&self, chain: &Chain, through: u64) -> Answer<u64> {
        let mut rows = self.0.lock().await;
        let Some((_, _, events)) = rows.get_mut(chain) else { return Ok(0) };
        let kept = events.split_off(&(through + 1));
        Ok(mem::replace(events, kept).len() as u64)
    }
}
