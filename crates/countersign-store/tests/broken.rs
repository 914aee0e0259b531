//! Stores that are broken on purpose, each in one way. The kit must reject every one of them, every time.

#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use countersign_store::{
    AuditEvent, AuditQuery, Chain, InstanceId, MemoryStore, Record, Removed, Saved, Store, StoreError, Stored, UserId,
    Version,
    conformance::{CASES, Subject, run},
};

/// How often each twin is tried. A longer run: `COUNTERSIGN_TWIN_RUNS=200 cargo test -p countersign-store --test broken`.
const RUNS: usize = match option_env!("COUNTERSIGN_TWIN_RUNS") {
    Some(text) => match usize::from_str_radix(text, 10) {
        Ok(runs) => runs,
        Err(_) => panic!("COUNTERSIGN_TWIN_RUNS is a number"),
    },
    None => 20,
};

/// What is wrong with a twin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Nothing: the kit must pass it, or it would reject anything.
    None,
    /// Compares the version, lets others run, then writes.
    ReadThenWrite,
    /// Writes whatever the version is.
    VersionIgnored,
    /// Takes a first save over a record that is there.
    PresentOverwritten,
    /// Makes a record where a version was expected.
    AbsentCreated,
    /// Writes the events first, in a step of their own.
    EventsBefore,
    /// Writes the events afterwards, in a step of their own.
    EventsAfter,
    /// Answers first and writes later.
    AnswersEarly,
    /// Counts versions from 1 again after a removal.
    VersionsRestart,
    /// Removes whatever the version is.
    RemovalIgnoresVersion,
    /// Takes ids that differ in case for one user.
    IdsFolded,
    /// Cuts long bodies.
    BodiesCut,
    /// Drops an event whose place is taken, and saves the rest.
    TakenEventSkipped,
    /// Looks for the last user of a page to find the next one, and stops when it is gone.
    PagesFromPresent,
    /// Shows one caller the body of one save with the columns of another.
    Torn,
    /// Forgets the audit of who was removed.
    AuditRemoved,
}

#[derive(Clone, Debug)]
struct Twin {
    fault: Fault,
    /// What it really holds: changed only with whole steps, so that each fault is one missing guard and no other.
    sound: MemoryStore,
    torn: Arc<Mutex<BTreeMap<UserId, Record>>>,
    /// For versions that restart: the number each user's versions are counted from.
    bases: Arc<Mutex<BTreeMap<UserId, u64>>>,
}

impl Twin {
    fn subject(fault: Fault) -> Subject {
        Subject::new(Arc::new(Self { fault, sound: MemoryStore::new(), torn: Arc::default(), bases: Arc::default() }))
    }

    async fn present(&self, user: &UserId) -> Result<Option<Version>, StoreError> {
        Ok(self.sound.load(user).await?.map(|stored| stored.version))
    }

    fn base(&self, user: &UserId) -> u64 {
        self.bases.lock().unwrap().get(user).copied().unwrap_or(0)
    }

    fn spelt(&self, user: &UserId) -> UserId {
        if self.fault == Fault::IdsFolded { UserId::new(user.as_str().to_lowercase()).unwrap() } else { user.clone() }
    }

    /// Saves over whatever is there, as a statement without its `WHERE` does.
    async fn force(&self, user: &UserId, record: &Record, events: &[AuditEvent]) -> Result<Saved, StoreError> {
        loop {
            let present = self.present(user).await?;
            match self.sound.save(user, present, record, events).await? {
                Saved::Conflict => {}
                stored @ Saved::Stored(_) => return Ok(stored),
            }
        }
    }

    /// Writes events in a step of their own, into a chain that `audit` takes for the user's.
    async fn write_apart(&self, user: &UserId, events: &[AuditEvent]) {
        for event in events {
            // One whose place is taken is dropped, as `INSERT OR IGNORE` does.
            drop(self.sound.append(&apart(user), std::slice::from_ref(event)).await);
        }
    }
}

fn apart(user: &UserId) -> InstanceId {
    InstanceId::new(user.as_str()).unwrap()
}

#[async_trait]
impl Store for Twin {
    async fn load(&self, user: &UserId) -> Result<Option<Stored>, StoreError> {
        let user = &self.spelt(user);
        let mut found = self.sound.load(user).await?;
        if self.fault == Fault::Torn
            && let Some(stored) = &mut found
            && let Some(other) = self.torn.lock().unwrap().get(user)
        {
            stored.record.updated_at = other.updated_at;
        }
        if let Some(stored) = &mut found {
            stored.version = Version::new(stored.version.get() - self.base(user));
        }
        Ok(found)
    }

    async fn save(
        &self,
        user: &UserId,
        expected: Option<Version>,
        record: &Record,
        events: &[AuditEvent],
    ) -> Result<Saved, StoreError> {
        let user = &self.spelt(user);
        record.check()?;
        AuditEvent::check(events)?;
        let present = self.present(user).await?;
        match self.fault {
            Fault::ReadThenWrite => {
                if present != expected {
                    return Ok(Saved::Conflict);
                }
                tokio::task::yield_now().await;
                self.force(user, record, events).await
            }
            Fault::VersionIgnored if expected.is_some() && present.is_some() => self.force(user, record, events).await,
            Fault::PresentOverwritten if expected.is_none() => self.force(user, record, events).await,
            Fault::AbsentCreated if present.is_none() => self.sound.save(user, None, record, events).await,
            Fault::EventsBefore => {
                self.write_apart(user, events).await;
                self.sound.save(user, expected, record, &[]).await
            }
            Fault::EventsAfter => {
                let saved = self.sound.save(user, expected, record, &[]).await?;
                tokio::task::yield_now().await;
                if saved != Saved::Conflict {
                    self.write_apart(user, events).await;
                }
                Ok(saved)
            }
            Fault::AnswersEarly if present == expected => {
                let (later, user, record, events) = (self.sound.clone(), user.clone(), record.clone(), events.to_vec());
                tokio::spawn(async move {
                    tokio::task::yield_now().await;
                    later.save(&user, expected, &record, &events).await
                });
                Ok(Saved::Stored(Version::new(expected.map_or(1, |version| version.get() + 1))))
            }
            Fault::BodiesCut => {
                let body = record.body.iter().copied().take(Record::MAX_BODY - 1).collect();
                self.sound.save(user, expected, &Record { body, ..record.clone() }, events).await
            }
            Fault::TakenEventSkipped => match self.sound.save(user, expected, record, events).await {
                Err(StoreError::Corrupt(_)) => self.sound.save(user, expected, record, &[]).await,
                other => other,
            },
            Fault::VersionsRestart => {
                let base = self.base(user);
                let expected = expected.map(|version| Version::new(version.get() + base));
                Ok(match self.sound.save(user, expected, record, events).await? {
                    Saved::Stored(version) => Saved::Stored(Version::new(version.get() - base)),
                    Saved::Conflict => Saved::Conflict,
                })
            }
            Fault::Torn => {
                let saved = self.sound.save(user, expected, record, events).await?;
                tokio::task::yield_now().await;
                if saved != Saved::Conflict {
                    self.torn.lock().unwrap().insert(user.clone(), record.clone());
                }
                Ok(saved)
            }
            _ => self.sound.save(user, expected, record, events).await,
        }
    }

    async fn remove(&self, user: &UserId, expected: Version, events: &[AuditEvent]) -> Result<Removed, StoreError> {
        let present = self.present(user).await?;
        match (self.fault, present) {
            (Fault::RemovalIgnoresVersion, Some(present)) => self.sound.remove(user, present, events).await,
            (Fault::VersionsRestart, _) => {
                let expected = Version::new(expected.get() + self.base(user));
                let removed = self.sound.remove(user, expected, events).await?;
                if removed == Removed::Done {
                    self.bases.lock().unwrap().insert(user.clone(), expected.get() + 1);
                }
                Ok(removed)
            }
            (Fault::AuditRemoved, _) => {
                let removed = self.sound.remove(user, expected, events).await?;
                if removed == Removed::Done {
                    self.sound.prune(&Chain::User(user.clone()), u64::MAX).await?;
                }
                Ok(removed)
            }
            _ => self.sound.remove(user, expected, events).await,
        }
    }

    async fn users(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<UserId>, StoreError> {
        if self.fault == Fault::PagesFromPresent && after.is_some() {
            let all = self.sound.users(None, usize::MAX).await?;
            let place = all.iter().position(|user| Some(user) == after).unwrap_or(usize::MAX).saturating_add(1);
            return Ok(all.into_iter().skip(place).take(limit).collect());
        }
        self.sound.users(after, limit).await
    }

    async fn audit(&self, query: &AuditQuery) -> Result<Vec<AuditEvent>, StoreError> {
        match &query.chain {
            Chain::User(user) if matches!(self.fault, Fault::EventsBefore | Fault::EventsAfter) => {
                self.sound.audit(&AuditQuery { chain: apart(user).into(), ..query.clone() }).await
            }
            Chain::User(user) => {
                self.sound.audit(&AuditQuery { chain: self.spelt(user).into(), ..query.clone() }).await
            }
            Chain::Instance(_) => self.sound.audit(query).await,
        }
    }

    async fn chains(&self, after: Option<&Chain>, limit: usize) -> Result<Vec<Chain>, StoreError> {
        self.sound.chains(after, limit).await
    }

    async fn append(&self, instance: &InstanceId, events: &[AuditEvent]) -> Result<(), StoreError> {
        self.sound.append(instance, events).await
    }

    async fn prune(&self, chain: &Chain, through: u64) -> Result<u64, StoreError> {
        self.sound.prune(chain, through).await
    }
}

/// The cases that reject a twin, in one run of the whole kit.
fn rejected_by(fault: Fault) -> Vec<&'static str> {
    let fails = |case: &fn(Subject) -> _| {
        catch_unwind(AssertUnwindSafe(|| run(async { case(Twin::subject(fault)).await }))).is_err()
    };
    CASES.iter().filter(|case| fails(&case.run)).map(|case| case.name).collect()
}

/// In every run the case that is there for this fault must find it, whatever else does.
fn always_rejected(fault: Fault, case: &str) {
    for turn in 1..=RUNS {
        let by = rejected_by(fault);
        assert!(by.contains(&case), "{fault:?} slipped past {case} in run {turn}; rejected by {by:?}");
    }
}

#[test]
fn a_sound_twin_passes() {
    assert_eq!(rejected_by(Fault::None), [""; 0]);
}

macro_rules! twins {
    ($($test:ident: $fault:ident by $case:ident;)+) => {$(
        #[test]
        fn $test() {
            always_rejected(Fault::$fault, stringify!($case));
        }
    )+};
}

twins! {
    read_then_write: ReadThenWrite by one_save_wins;
    read_then_write_first: ReadThenWrite by one_first_save_wins;
    read_then_write_loses: ReadThenWrite by no_update_is_lost;
    version_ignored: VersionIgnored by a_wrong_version_changes_nothing;
    present_overwritten: PresentOverwritten by a_wrong_version_changes_nothing;
    absent_created: AbsentCreated by a_wrong_version_changes_nothing;
    events_before: EventsBefore by a_wrong_version_changes_nothing;
    events_after: EventsAfter by a_dropped_save_leaves_all_or_nothing;
    answers_early: AnswersEarly by an_answered_save_is_seen_by_all;
    versions_restart: VersionsRestart by versions_only_grow;
    removal_ignores_version: RemovalIgnoresVersion by one_removal_wins;
    ids_folded: IdsFolded by odd_user_ids_are_different_users;
    bodies_cut: BodiesCut by any_body_up_to_the_bound_reads_back;
    taken_event_skipped: TakenEventSkipped by a_taken_sequence_number_saves_nothing;
    pages_from_present: PagesFromPresent by users_page_in_order;
    torn: Torn by a_load_is_never_torn;
    audit_removed: AuditRemoved by a_removed_record_is_gone_and_its_audit_stays;
}
