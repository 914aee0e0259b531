//! Durable saves on SQLite, of a record of 2.5 KB with one event each, beside the bare engine doing the same two rows from
//! one thread; the time of one load and one save as the table grows; takes on the limiters.
//!
//! `COUNTERSIGN_BENCH_USERS=1000000 cargo bench -p countersign-benches --bench store -- growth` fills the large table.

use std::{path::Path, sync::Arc};

use countersign_clock::{SystemClock, Timestamp};
use countersign_rate_limit::{Charge, MemoryLimiter, Quota, RateLimiter};
use countersign_sqlx::{Database, SqlLimiter, SqlStore, SqliteOptions, Statement};
use countersign_store::{AuditEvent, Record, SaveId, Saved, Store, UserId, Version};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rusqlite::{Connection, params};
use tempfile::TempDir;
use tokio::{runtime::Runtime, task::JoinSet};

/// Saves of each caller in one measured turn.
const EACH: u64 = 16;
const BODY: usize = 2500;
const DETAIL: &str =
    r#"{"factor":"totp-1","method":"totp","purpose":"sign_in","address":"192.0.2.0/24","agent":"example"}"#;

fn user(number: u64) -> UserId {
    UserId::new(format!("0191a1c0-7e3f-7cc1-8e7a-{number:012}")).expect("a user id")
}

fn record(mark: u64) -> Record {
    Record {
        body: mark.to_le_bytes().into_iter().cycle().take(BODY).collect(),
        save_id: SaveId::new([7; 16]),
        enabled: true,
        locked_until: None,
        updated_at: Timestamp::from_millis(1_700_000_000_000 + mark),
    }
}

fn event(sequence: u64) -> AuditEvent {
    AuditEvent {
        sequence,
        at: Timestamp::from_millis(1_700_000_000_000 + sequence),
        kind: "totp.accepted".to_owned(),
        detail: DETAIL.to_owned(),
        key_id: "k1".to_owned(),
        mac: [7; 32],
    }
}

/// One user that saves again and again.
struct Caller {
    user: UserId,
    version: Option<Version>,
    sequence: u64,
}

impl Caller {
    fn new(number: u64) -> Self {
        Self { user: user(number), version: None, sequence: 0 }
    }

    async fn save(&mut self, store: &SqlStore) {
        self.sequence += 1;
        let events = [event(self.sequence)];
        match store.save(&self.user, self.version, &record(self.sequence), &events).await {
            Ok(Saved::Stored(version)) => self.version = Some(version),
            other => panic!("{other:?}"),
        }
    }
}

async fn database(folder: &TempDir) -> Database {
    let database = Database::open_sqlite(folder.path().join("bench.db"), SqliteOptions::default()).await.expect("open");
    SqlStore::migrate(&database).await.expect("migrate");
    database
}

fn saves(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let mut group = criterion.benchmark_group("saves/sqlite");
    for number in [1, 16, 64, 256] {
        let folder = tempfile::tempdir().expect("a folder");
        let store = runtime.block_on(async { SqlStore::new(database(&folder).await) });
        let mut callers: Vec<_> = (0..number).map(Caller::new).collect();
        group.throughput(Throughput::Elements(number * EACH));
        group.bench_function(format!("{number} callers"), |bencher| {
            bencher.iter(|| callers = runtime.block_on(turn(&store, std::mem::take(&mut callers))));
        });
    }
    for together in [1, 64] {
        let folder = tempfile::tempdir().expect("a folder");
        runtime.block_on(async { database(&folder).await.close().await });
        let bare = bare(&folder.path().join("bench.db"));
        let mut sequence = 0;
        group.throughput(Throughput::Elements(64));
        group.bench_function(format!("bare engine, {together} a commit"), |bencher| {
            bencher.iter(|| {
                for _ in 0..64 / together {
                    bare.execute_batch("BEGIN IMMEDIATE").expect("begin");
                    for number in 0..together {
                        bare_save(&bare, number, &mut sequence);
                    }
                    bare.execute_batch("COMMIT").expect("commit");
                }
            });
        });
    }
    group.finish();
}

async fn turn(store: &SqlStore, callers: Vec<Caller>) -> Vec<Caller> {
    let mut tasks = JoinSet::new();
    for mut caller in callers {
        let store = store.clone();
        tasks.spawn(async move {
            for _ in 0..EACH {
                caller.save(&store).await;
            }
            caller
        });
    }
    tasks.join_all().await
}

/// The engine as the store sets it up, without the store.
fn bare(path: &Path) -> Connection {
    let connection = Connection::open(path).expect("open");
    connection
        .execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -16384")
        .expect("set up");
    for number in 0..64 {
        connection
            .execute(
                "INSERT INTO countersign_records (user_id, version, body, save_id, enabled, locked_until, updated_at)
                VALUES (?1, 1, ?2, ?3, TRUE, NULL, 0)",
                params![user(number).as_str(), record(0).body, [7_u8; 16]],
            )
            .expect("insert");
    }
    connection
}

fn bare_save(connection: &Connection, number: u64, sequence: &mut u64) {
    *sequence += 1;
    let (user, record) = (user(number), record(*sequence));
    let mut update = connection
        .prepare_cached(
            "UPDATE countersign_records SET version = version + 1, body = ?2, save_id = ?3, enabled = ?4, updated_at = ?5
            WHERE user_id = ?1 AND version > 0 AND body IS NOT NULL",
        )
        .expect("prepare");
    let at = i64::try_from(record.updated_at.as_millis()).expect("a time");
    update.execute(params![user.as_str(), record.body, record.save_id.as_bytes(), true, at]).expect("update");
    let mut insert = connection
        .prepare_cached(
            "INSERT INTO countersign_audit (chain, sequence, at, kind, detail, key_id, mac)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )
        .expect("prepare");
    let chain = format!("u/{user}");
    insert
        .execute(params![
            chain,
            i64::try_from(*sequence).expect("small"),
            at,
            "totp.accepted",
            DETAIL,
            "k1",
            [7_u8; 32]
        ])
        .expect("insert");
}

/// One load and one save by one caller, with few and with many users in the table.
fn growth(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let many = option_env!("COUNTERSIGN_BENCH_USERS").and_then(|text| text.parse().ok()).unwrap_or(10_000);
    let mut group = criterion.benchmark_group("growth/sqlite");
    for users in [1000, many] {
        let folder = tempfile::tempdir().expect("a folder");
        let (store, mut caller) = runtime.block_on(async {
            let database = database(&folder).await;
            fill(&database, users).await;
            let store = SqlStore::new(database);
            let mut caller = Caller::new(users / 2);
            caller.version = store.load(&caller.user).await.expect("load").map(|stored| stored.version);
            (store, caller)
        });
        group.bench_function(format!("load, {users} users"), |bencher| {
            bencher.iter(|| runtime.block_on(store.load(&caller.user)).expect("load").expect("a record"));
        });
        group.bench_function(format!("load and save, {users} users"), |bencher| {
            bencher.iter(|| {
                runtime.block_on(async {
                    store.load(&caller.user).await.expect("load").expect("a record");
                    caller.save(&store).await;
                });
            });
        });
    }
    group.finish();
}

async fn fill(database: &Database, users: u64) {
    let fill = Statement::new(
        "WITH RECURSIVE numbers (number) AS (SELECT $1 UNION ALL SELECT number + 1 FROM numbers WHERE number + 1 < $2)
        INSERT INTO countersign_records (user_id, version, body, save_id, enabled, locked_until, updated_at)
        SELECT printf('0191a1c0-7e3f-7cc1-8e7a-%012d', number), 1, $3, $4, TRUE, NULL, 0 FROM numbers",
    );
    for start in (0..users).step_by(500) {
        let (from, to) = (i64::try_from(start).expect("small"), i64::try_from(users.min(start + 500)).expect("small"));
        let part = fill.clone().bind(from).bind(to).bind(record(0).body).bind(&[7; 16]);
        assert!(database.write(vec![part]).await.expect("fill").is_done());
    }
}

fn takes(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Arc::new(SystemClock::new());
    let sqlite = runtime.block_on(async { SqlLimiter::new(database(&folder).await, clock.clone()) });
    let limiters: [(&str, Arc<dyn RateLimiter>); 2] =
        [("memory", Arc::new(MemoryLimiter::new(clock))), ("sqlite", Arc::new(sqlite))];
    let quotas = ["100000/1s", "100000/1s sliding", "100000/1s token-bucket"]
        .map(|text| text.parse::<Quota>().expect("a quota"));
    let mut group = criterion.benchmark_group("takes");
    for (name, limiter) in limiters {
        for quota in quotas {
            group.bench_function(format!("{name}, {quota}"), |bencher| {
                bencher
                    .iter(|| runtime.block_on(limiter.take(&[Charge::new("address:192.0.2.0", quota)])).expect("take"));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, saves, growth, takes);
criterion_main!(benches);
