//! A file system that is full, really: a small tmpfs in a mount namespace of its own.
//!
//! Needs root, or user namespaces; where neither is to be had it fails and says so.
#![cfg(all(feature = "sqlite", target_os = "linux"))]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that fails panics")]
#![expect(clippy::disallowed_methods, reason = "the process in the namespace is told where the mount is")]

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use countersign_clock::Timestamp;
use countersign_sqlx::{Database, SqlStore, SqliteOptions};
use countersign_store::{AuditEvent, AuditQuery, Record, SaveId, Saved, Store, StoreError, UserId, Version};
use tokio::time::timeout;

const MOUNT: &str = "COUNTERSIGN_SMALL_DISK";
/// Calls give up after a second and a half; the rest is for a machine that is busy.
const BOUND: Duration = Duration::from_millis(2500);

#[test]
fn a_full_file_system_is_a_bounded_no_and_space_heals_it() {
    let folder = tempfile::tempdir().unwrap();
    let run = |spaces: &[&str]| {
        Command::new("unshare")
            .args(spaces)
            .args(["sh", "-c", "mount -t tmpfs -o size=2m,mode=700 tmpfs \"$0\" && exec \"$@\""])
            .arg(folder.path())
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "on_a_small_disk", "--ignored", "--nocapture"])
            .env(MOUNT, folder.path())
            .stdin(Stdio::null())
            .output()
            .expect("`unshare` of util-linux")
    };
    let can = |spaces: &[&str]| {
        let probe =
            Command::new("unshare").args(spaces).args(["mount", "-t", "tmpfs", "tmpfs"]).arg(folder.path()).output();
        probe.is_ok_and(|output| output.status.success())
    };
    let spaces = [&["--mount"][..], &["--mount", "--user", "--map-root-user"]];
    let spaces = spaces.into_iter().find(|spaces| can(spaces)).expect(
        "no tmpfs can be mounted here, neither as root nor in a user namespace: run this test where `unshare --mount` may",
    );
    let output = run(spaces);
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "the mount was not private");
}

fn record(mark: u8) -> Record {
    let at = Timestamp::from_millis(mark.into());
    Record {
        body: vec![mark; 2500],
        save_id: SaveId::new([mark; 16]),
        enabled: true,
        locked_until: None,
        updated_at: at,
    }
}

fn event(sequence: u64) -> AuditEvent {
    AuditEvent {
        sequence,
        at: Timestamp::from_millis(sequence),
        kind: "disk".to_owned(),
        detail: "{}".to_owned(),
        key_id: "k1".to_owned(),
        mac: [7; 32],
    }
}

async fn save(store: &SqlStore, who: &UserId, expected: Option<Version>, count: u8) -> Result<Saved, StoreError> {
    let (record, events) = (record(count), [event(count.into())]);
    timeout(BOUND, store.save(who, expected, &record, &events)).await.expect("an answer in bounded time")
}

async fn open(path: &Path) -> SqlStore {
    let database = Database::open_sqlite(path, SqliteOptions::default()).await.unwrap();
    SqlStore::migrate(&database).await.unwrap();
    SqlStore::new(database)
}

/// Takes what is left of the disk, to the last byte.
fn fill(ballast: &Path) {
    let mut file = fs::File::create(ballast).unwrap();
    let full = std::io::copy(&mut std::io::repeat(0), &mut file).unwrap_err();
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull, "{full}");
}

/// Of each user a whole record, or none, with one event for each save.
async fn check(store: &SqlStore, users: &[UserId], counts: &[u8]) {
    for (user, count) in users.iter().zip(counts) {
        let stored = store.load(user).await.unwrap();
        assert_eq!(stored.map(|stored| stored.record), (*count > 0).then(|| record(*count)), "{user}");
        let events = store.audit(&AuditQuery::oldest(user.clone(), 1000)).await.unwrap();
        assert_eq!(events, (1..=u64::from(*count)).map(event).collect::<Vec<_>>(), "{user}");
    }
}

#[tokio::test]
#[ignore = "run by the other test, where the small disk is"]
async fn on_a_small_disk() {
    let mount = std::env::var(MOUNT).unwrap();
    let (path, ballast) = (Path::new(&mount).join("test.db"), Path::new(&mount).join("ballast"));
    let store = open(&path).await;
    let users: Vec<UserId> = (0..6).map(|number| UserId::new(format!("user-{number}")).unwrap()).collect();
    let mut counts = [0_u8; 6];
    let mut versions = [None; 6];
    for round in 0..3 {
        fill(&ballast);
        // The log has some room that it took before; when that is used up, every save is refused, one by one and together.
        let mut refused = 0;
        for turn in 0.. {
            let index = turn % users.len();
            match save(&store, &users[index], versions[index], counts[index] + 1).await {
                Ok(Saved::Stored(version)) => {
                    counts[index] += 1;
                    versions[index] = Some(version);
                    refused = 0;
                }
                Err(StoreError::Unavailable(_)) => refused += 1,
                // An error on the commit itself: the caller loads and compares, as the contract says.
                Err(StoreError::Unknown(_)) => {
                    let stored = store.load(&users[index]).await.unwrap();
                    assert_eq!(stored.map(|stored| stored.version), versions[index], "it was done after all");
                    refused += 1;
                }
                other => panic!("{other:?}"),
            }
            assert!(turn < 200, "the disk does not fill");
            if refused == users.len() {
                break;
            }
        }
        let together = users.iter().zip(versions).zip(counts).map(|((user, version), count)| {
            let (store, user) = (store.clone(), user.clone());
            tokio::spawn(async move { save(&store, &user, version, count + 1).await })
        });
        for save in together.collect::<Vec<_>>() {
            let save = save.await.unwrap();
            assert!(matches!(save, Err(StoreError::Unavailable(_) | StoreError::Unknown(_))), "{save:?}");
        }
        check(&store, &users, &counts).await;
        // With room again the next save is good, at once and without anyone's help.
        fs::remove_file(&ballast).unwrap();
        for (index, user) in users.iter().enumerate() {
            let saved = save(&store, user, versions[index], counts[index] + 1).await;
            let Ok(Saved::Stored(version)) = saved else { panic!("round {round} does not recover: {saved:?}") };
            (versions[index], counts[index]) = (Some(version), counts[index] + 1);
        }
        check(&store, &users, &counts).await;
    }
    // What a new process finds.
    drop(store);
    check(&open(&path).await, &users, &counts).await;
}
