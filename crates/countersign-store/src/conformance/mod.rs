//! Cases that every backend runs: one line makes one named test of each.
//!
//! ```
//! use countersign_store::{MemoryStore, conformance::Subject, conformance_tests};
//! use std::sync::Arc;
//!
//! async fn fresh() -> Subject {
//!     Subject::new(Arc::new(MemoryStore::new()))
//! }
//!
//! conformance_tests!(fresh());
//! ```
//!
//! The expression is a future that makes an empty store; each case calls it once. A backend that several processes can
//! share gives a second handle on the same data with [`Subject::and`], so that the races run across both.
#![expect(clippy::missing_panics_doc, clippy::expect_used, reason = "a case that fails panics")]

mod audit;
mod cancel;
mod content;
mod paging;
mod removal;
mod swap;

use std::{any::Any, fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

pub use audit::*;
pub use cancel::*;
pub use content::*;
use countersign_clock::Timestamp;
pub use paging::*;
pub use removal::*;
pub use swap::*;
use tokio::{runtime::Builder, sync::Barrier, time::timeout};

use crate::{AuditEvent, AuditQuery, Chain, Record, SaveId, Saved, Store, UserId, Version};

/// One named test per case. The list lives here, so that a new case reaches every backend.
#[macro_export]
macro_rules! conformance_tests {
    (@tests ($fresh:expr) $($case:ident)+) => {$(
        #[test]
        fn $case() {
            $crate::conformance::run(async { $crate::conformance::$case($fresh.await).await });
        }
    )+};
    (@list () $($case:ident)+) => {
        &[$($crate::conformance::Case { name: stringify!($case), run: |subject| ::std::boxed::Box::pin($case(subject)) }),+]
    };
    (@all $how:ident $with:tt) => {
        $crate::conformance_tests! { @$how $with
            absence_is_an_answer
            a_saved_record_reads_back
            any_body_up_to_the_bound_reads_back
            what_is_out_of_bounds_is_refused
            odd_user_ids_are_different_users
            an_answered_save_is_seen_by_all
            a_load_is_never_torn
            one_save_wins
            one_first_save_wins
            no_update_is_lost
            a_wrong_version_changes_nothing
            versions_only_grow
            one_removal_wins
            a_removed_record_is_gone_and_its_audit_stays
            events_come_with_their_save
            a_taken_sequence_number_saves_nothing
            the_audit_pages_both_ways
            instances_have_chains_of_their_own
            chains_page_in_order
            pruning_takes_the_oldest
            users_page_in_order
            paging_while_others_write_misses_no_one
            a_dropped_save_leaves_all_or_nothing
        }
    };
    ($fresh:expr) => { $crate::conformance_tests! { @all tests ($fresh) } };
}

/// All cases, for a harness of one's own.
pub const CASES: &[Case] = conformance_tests! { @all list () };

/// One case of the kit. It panics if the store breaks its contract.
#[derive(Clone, Copy)]
pub struct Case {
    /// The name of its function.
    pub name: &'static str,
    /// Runs it on an empty store.
    pub run: fn(Subject) -> Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The store under test: one or more handles on the same, empty data.
#[derive(Debug)]
pub struct Subject {
    handles: Vec<Arc<dyn Store>>,
    kept: Vec<Box<dyn Any + Send + Sync>>,
}

impl Subject {
    /// A store with one handle.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { handles: vec![store], kept: Vec::new() }
    }

    /// The same with another handle on the same data, as another process would have one.
    #[must_use]
    pub fn and(mut self, store: Arc<dyn Store>) -> Self {
        self.handles.push(store);
        self
    }

    /// The same, keeping `guard` (a folder, a server) until the case is over.
    #[must_use]
    pub fn keeping(mut self, guard: impl Any + Send + Sync) -> Self {
        self.kept.push(Box::new(guard));
        self
    }

    /// The handle that caller `number` uses.
    fn handle(&self, number: usize) -> Arc<dyn Store> {
        Arc::clone(&self.handles[number % self.handles.len()])
    }

    /// Lets `callers` go together, spread over the handles, and gathers what they say.
    async fn race<T, F>(&self, callers: usize, act: impl Fn(usize, Arc<dyn Store>) -> F) -> Vec<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let gate = Arc::new(Barrier::new(callers));
        let tasks: Vec<_> = (0..callers)
            .map(|number| {
                let (gate, work) = (Arc::clone(&gate), act(number, self.handle(number)));
                tokio::spawn(async move {
                    gate.wait().await;
                    work.await
                })
            })
            .collect();
        let mut said = Vec::with_capacity(callers);
        for task in tasks {
            said.push(task.await.expect("a caller panicked"));
        }
        said
    }
}

/// Runs one case to its end, on a runtime with several threads. A case that hangs fails after two minutes.
pub fn run(case: impl Future<Output = ()>) {
    let runtime = Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime");
    let patience = Duration::from_secs(120);
    runtime.block_on(async { timeout(patience, case).await.expect("the store hangs") });
}

/// How many callers a race has.
const CALLERS: usize = 32;
/// How often it is run: the gate and the rounds together leave a broken store no luck.
const ROUNDS: u64 = 8;

fn user(id: &str) -> UserId {
    UserId::new(id).expect("a user id")
}

/// A record that tells who saved it: `mark` is in every field that has room for it.
fn record(mark: u64) -> Record {
    let mut save_id = [0xa5; 16];
    save_id[..8].copy_from_slice(&mark.to_be_bytes());
    Record {
        body: mark.to_be_bytes().repeat(40),
        save_id: SaveId::new(save_id),
        enabled: mark.is_multiple_of(2),
        locked_until: (!mark.is_multiple_of(3)).then(|| Timestamp::from_millis(mark)),
        updated_at: Timestamp::from_millis(mark + 1),
    }
}

/// Who saved `record`; panics if parts of it are of another save.
fn mark(found: &Record) -> u64 {
    let mark = u64::from_be_bytes(found.body[..8].try_into().expect("eight bytes"));
    assert_eq!(found, &record(mark), "parts of two saves in one record");
    mark
}

fn event(sequence: u64, mark: u64) -> AuditEvent {
    AuditEvent {
        sequence,
        at: Timestamp::from_millis(mark),
        kind: "conformance.case".to_owned(),
        detail: format!("{{\"mark\":{mark}}}"),
        key_id: "k1".to_owned(),
        mac: [sequence.to_le_bytes()[0]; 32],
    }
}

/// Saves with no one in the way.
async fn save(
    store: &dyn Store,
    user: &UserId,
    expected: Option<Version>,
    mark: u64,
    events: &[AuditEvent],
) -> Version {
    match store.save(user, expected, &record(mark), events).await {
        Ok(Saved::Stored(version)) => version,
        other => panic!("a save with nobody else there gave {other:?}"),
    }
}

async fn version(store: &dyn Store, user: &UserId) -> Option<Version> {
    store.load(user).await.expect("load").map(|stored| stored.version)
}

async fn all_events(store: &dyn Store, chain: impl Into<Chain>) -> Vec<AuditEvent> {
    store.audit(&AuditQuery::oldest(chain, 10_000)).await.expect("audit")
}
