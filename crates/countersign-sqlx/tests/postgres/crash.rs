//! The server is killed with SIGKILL, all its processes at once, while callers save: what was answered is there when it is
//! back, nothing is there by half, and the same pool goes on.
//!
//! Ten times; `COUNTERSIGN_CRASHES=50 cargo test -p countersign-sqlx --all-features --test postgres crash` for a long
//! run.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use countersign_clock::Timestamp;
use countersign_sqlx::{Database, PostgresOptions, SqlStore};
use countersign_store::{AuditEvent, AuditQuery, Record, SaveId, Saved, Store, StoreError, UserId};
use tokio::{task::JoinSet, time::timeout};

use super::server::{Server, services};

const CALLERS: u64 = 8;

fn user(caller: u64) -> UserId {
    UserId::new(format!("user-{caller}")).unwrap()
}

fn record(count: u64) -> Record {
    let body = count.to_be_bytes().repeat(300);
    let now = Timestamp::from_millis(count);
    Record {
        body,
        save_id: SaveId::new([count.to_le_bytes()[0]; 16]),
        enabled: true,
        locked_until: None,
        updated_at: now,
    }
}

fn event(count: u64) -> AuditEvent {
    AuditEvent {
        sequence: count,
        at: Timestamp::from_millis(count),
        kind: "crash".to_owned(),
        detail: "{}".to_owned(),
        key_id: "k1".to_owned(),
        mac: [7; 32],
    }
}

/// Saves until told to stop; after an error it loads and goes on from what is there, as the contract says.
async fn save_on(store: SqlStore, caller: u64, answered: Arc<AtomicU64>, stop: Arc<AtomicBool>) {
    let (who, patience) = (user(caller), Duration::from_secs(4));
    while !stop.load(Ordering::Acquire) {
        let Ok(stored) = timeout(patience, store.load(&who)).await.expect("load hangs") else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let mut version = stored.as_ref().map(|stored| stored.version);
        let mut next = stored.map_or(0, |stored| count(&stored.record)) + 1;
        while !stop.load(Ordering::Acquire) {
            let (changed, events) = (record(next), [event(next)]);
            let save = store.save(&who, version, &changed, &events);
            match timeout(patience, save).await.expect("save hangs") {
                Ok(Saved::Stored(stored)) => {
                    answered.store(next, Ordering::Release);
                    (version, next) = (Some(stored), next + 1);
                }
                // One whose answer was lost may have come in before.
                Ok(Saved::Conflict) | Err(StoreError::Unavailable(_) | StoreError::Unknown(_)) => break,
                Err(other) => panic!("{other:?}"),
            }
        }
    }
}

fn count(record: &Record) -> u64 {
    u64::from_be_bytes(record.body[..8].try_into().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "how often is for whoever runs it")]
async fn what_was_answered_survives_sigkill_of_the_server() {
    let server = Server::start();
    let database = Database::open_postgres(&server.url(), PostgresOptions::default()).await.unwrap();
    SqlStore::migrate(&database).await.unwrap();
    let store = SqlStore::new(database);
    let answered: Vec<Arc<AtomicU64>> = (0..CALLERS).map(|_| Arc::default()).collect();
    let said = || answered.iter().map(|count| count.load(Ordering::Acquire)).collect::<Vec<_>>();
    let crashes: usize = std::env::var("COUNTERSIGN_CRASHES").map_or(10, |text| text.parse().unwrap());
    for crash in 0..crashes {
        let stop = Arc::new(AtomicBool::new(false));
        let mut callers = JoinSet::new();
        for (caller, count) in (0..).zip(&answered) {
            callers.spawn(save_on(store.clone(), caller, Arc::clone(count), Arc::clone(&stop)));
        }
        // Every caller is well under way, then the server is gone, then every caller is under way again.
        more_than(&answered, said(), 5).await;
        let folder = server.folder().to_owned();
        tokio::task::spawn_blocking(move || services("crash-postgres", &folder)).await.unwrap();
        more_than(&answered, said(), 1).await;
        stop.store(true, Ordering::Release);
        callers.join_all().await;

        for (caller, said) in (0..).zip(said()) {
            let stored = store.load(&user(caller)).await.unwrap().unwrap();
            let found = count(&stored.record);
            assert_eq!(stored.record, record(found), "crash {crash}: half a record");
            assert!(found >= said, "crash {crash}: user {caller} was told {said} and has {found}");
            let events = store.audit(&AuditQuery::oldest(user(caller), usize::MAX)).await.unwrap();
            let numbers: Vec<_> = events.iter().map(|event| event.sequence).collect();
            assert_eq!(
                numbers,
                Vec::from_iter(1..=found),
                "crash {crash}: events without their save, or a save without"
            );
        }
    }
    println!("{crashes} crashes, {} saves answered, none lost", said().iter().sum::<u64>());
}

/// Waits until each caller got `more` answers than it had.
async fn more_than(answered: &[Arc<AtomicU64>], had: Vec<u64>, more: u64) {
    let enough = || answered.iter().zip(&had).all(|(count, had)| count.load(Ordering::Acquire) >= had + more);
    let wait = async {
        while !enough() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(20), wait).await.expect("callers do not get on");
}
