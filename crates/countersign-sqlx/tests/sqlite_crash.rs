//! A process that writes is killed with SIGKILL: what it said was saved is there, and nothing is there by half.
//!
//! Ten times; `COUNTERSIGN_CRASHES=200 cargo test -p countersign-sqlx --test sqlite_crash` for a long run.
#![cfg(all(feature = "sqlite", unix))]
#![expect(clippy::unwrap_used, reason = "a test that fails panics")]
#![expect(clippy::disallowed_methods, reason = "the writing process is told where to write")]

use std::{collections::BTreeMap, path::Path, process::Stdio, sync::Arc};

use countersign_clock::Timestamp;
use countersign_sqlx::{Database, SqlStore, SqliteOptions};
use countersign_store::{AuditEvent, AuditQuery, Record, SaveId, Saved, Store, UserId};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
    task::JoinSet,
};

const CALLERS: u64 = 16;
const PATH: &str = "COUNTERSIGN_CRASH_PATH";

async fn open(path: &Path) -> SqlStore {
    // For the proof that `power_loss.py` would notice.
    let danger = std::env::var_os("COUNTERSIGN_CRASH_NOT_DURABLE").is_some();
    let options = if danger { SqliteOptions::default().danger_not_durable() } else { SqliteOptions::default() };
    let database = Database::open_sqlite(path, options).await.unwrap();
    SqlStore::migrate(&database).await.unwrap();
    SqlStore::new(database)
}

fn user(caller: u64) -> UserId {
    UserId::new(format!("user-{caller}")).unwrap()
}

/// The body counts the saves, and each save has one event.
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

async fn count(store: &SqlStore, caller: u64) -> u64 {
    let Some(stored) = store.load(&user(caller)).await.unwrap() else { return 0 };
    let count = u64::from_be_bytes(stored.record.body[..8].try_into().unwrap());
    assert_eq!(stored.record, record(count), "half a record");
    count
}

/// The process that is killed: says "caller count" for every save that was answered, until it dies.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by the other test, in a process of its own"]
async fn write_until_killed() {
    let store = Arc::new(open(Path::new(&std::env::var(PATH).unwrap())).await);
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let store = Arc::clone(&store);
        callers.spawn(async move {
            let mut next = count(&store, caller).await + 1;
            let mut version = store.load(&user(caller)).await.unwrap().map(|stored| stored.version);
            loop {
                let saved = store.save(&user(caller), version, &record(next), &[event(next)]).await.unwrap();
                let Saved::Stored(stored) = saved else { panic!("a conflict with nobody else there") };
                println!("{caller} {next}");
                (version, next) = (Some(stored), next + 1);
            }
        });
    }
    let ended: Option<Result<(), _>> = callers.join_next().await;
    ended.unwrap().unwrap();
}

#[tokio::test]
async fn what_was_answered_survives_sigkill() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let crashes: usize = std::env::var("COUNTERSIGN_CRASHES").map_or(10, |text| text.parse().unwrap());
    let mut answered = BTreeMap::new();
    for crash in 0..crashes {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "write_until_killed", "--ignored", "--nocapture"])
            .env(PATH, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // A different moment each time, always after some saves.
        let (mut left, mut killed) = (20 + crash * 37 % 200, false);
        while let Some(line) = lines.next_line().await.unwrap() {
            let mut numbers = line.split(' ').map(str::parse::<u64>);
            let (Some(Ok(caller)), Some(Ok(count)), None) = (numbers.next(), numbers.next(), numbers.next()) else {
                continue; // What the test harness says, or a line cut off by the kill.
            };
            answered.insert(caller, count);
            left = left.saturating_sub(1);
            if left == 0 && !killed {
                killed = true;
                child.start_kill().unwrap();
            }
        }
        child.wait().await.unwrap();
        assert!(killed, "the writing process ended by itself");

        let store = open(&path).await;
        for caller in 0..CALLERS {
            let found = count(&store, caller).await;
            let said = answered.get(&caller).copied().unwrap_or(0);
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
    let total: u64 = answered.values().sum();
    println!("{crashes} crashes, {total} saves answered, none lost");
}
