//! Durable saves on SQLite, of a record of 2.5 KB with one event each, beside the bare engine doing the same two rows from
//! one thread; the same on PostgreSQL beside `pgbench`; the time of one load and one save as the table grows; takes on the
//! limiters. PostgreSQL and Redis only where `scripts/services.sh` has started them: `. FOLDER/env` first.
//!
//! `COUNTERSIGN_BENCH_USERS=1000000 cargo bench -p countersign-benches --bench store -- growth` fills the large table.

use std::{env, fs, path::Path, process::Command, sync::Arc, time::Duration};

use countersign_clock::{SystemClock, Timestamp};
use countersign_rate_limit::{Charge, MemoryLimiter, Quota, RateLimiter};
use countersign_redis::RedisLimiter;
use countersign_sqlx::{Database, PostgresOptions, SqlLimiter, SqlStore, SqliteOptions, Statement};
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

/// The address of a server, or a line that says what is left out.
#[expect(clippy::disallowed_methods, reason = "where the servers are cannot be known otherwise")]
fn server(variable: &str, without: &str) -> Option<String> {
    let url = env::var(variable).ok();
    if url.is_none() {
        println!("{variable} is not set: no {without}");
    }
    url
}

/// Empty tables on the server of the tests, which are left there when the bench ends.
async fn postgres(url: &str) -> Database {
    let database = Database::open_postgres(url, PostgresOptions::default().connections(64)).await.expect("open");
    SqlStore::migrate(&database).await.expect("migrate");
    let empty = ["TRUNCATE countersign_records", "TRUNCATE countersign_audit"].map(Statement::new).to_vec();
    assert!(database.write(empty).await.expect("empty").is_done());
    database
}

fn saves_postgres(criterion: &mut Criterion) {
    let Some(url) = server("COUNTERSIGN_TEST_POSTGRES_URL", "saves on PostgreSQL") else { return };
    let runtime = Runtime::new().expect("a runtime");
    let mut group = criterion.benchmark_group("saves/postgres");
    for number in [1, 16, 64, 256] {
        let store = runtime.block_on(async { SqlStore::new(postgres(&url).await) });
        let mut callers: Vec<_> = (0..number).map(Caller::new).collect();
        group.throughput(Throughput::Elements(number * EACH)).sample_size(100);
        group.bench_function(format!("{number} callers"), |bencher| {
            bencher.iter(|| callers = runtime.block_on(turn(&store, std::mem::take(&mut callers))));
        });
        // More callers than connections; the client of pgbench is a connection, and the server takes no 256.
        if number > 64 {
            continue;
        }
        // One row for each client, as there was one for each caller; few samples, for each is a run of its own.
        group.sample_size(10);
        if Command::new("pgbench").arg("--version").output().is_err() {
            println!("pgbench is not installed: nothing to compare with");
            continue;
        }
        group.throughput(Throughput::Elements(1));
        group.bench_function(format!("pgbench, {number} clients"), |bencher| {
            bencher.iter_custom(|times| pgbench(&url, number, times));
        });
    }
    group.finish();
}

/// How long `pgbench` takes for `times` transactions, each the update and the insert of one save, by its own count of
/// transactions a second: its start is not in it.
fn pgbench(url: &str, clients: u64, times: u64) -> Duration {
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("save.sql");
    let body = "ab".repeat(BODY);
    // A sequence of its own makes the numbers of the events.
    let save = format!(
        "BEGIN;
        UPDATE countersign_records SET version = version + 1, body = '\\x{body}', updated_at = 1
        WHERE user_id = 'pgbench-' || :client_id;
        INSERT INTO countersign_audit (chain, sequence, at, kind, detail, key_id, mac) VALUES
        ('u/pgbench-' || :client_id, nextval('pgbench_events'), 1, 'totp.accepted', '{DETAIL}', 'k1', '\\x{}');
        COMMIT;\n",
        "07".repeat(32)
    );
    fs::write(&script, save).expect("a script");
    let prepare = format!(
        "SET client_min_messages = warning; CREATE SEQUENCE IF NOT EXISTS pgbench_events;
        INSERT INTO countersign_records (user_id, version, body, save_id, enabled, locked_until, updated_at)
        SELECT 'pgbench-' || number, 1, '\\x{body}', '\\x{}', TRUE, NULL, 0 FROM generate_series(0, {clients}) AS number
        ON CONFLICT DO NOTHING",
        "07".repeat(16)
    );
    let prepared = Command::new("psql").args(["--quiet", "--command", &prepare, url]).status().expect("psql");
    assert!(prepared.success(), "psql");
    // Enough that its beginning, when not all clients are there yet, weighs little.
    let each = times.div_ceil(clients).max(100);
    let (clients, transactions) = (clients.to_string(), each.to_string());
    let run = Command::new("pgbench")
        .args(["--no-vacuum", "--protocol=prepared", "--client", &clients, "--transactions", &transactions, "--file"])
        .args([script.as_os_str(), url.as_ref()])
        .output()
        .expect("pgbench");
    let said = String::from_utf8_lossy(&run.stdout);
    let rate = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse::<f64>().ok());
    let rate = rate.unwrap_or_else(|| panic!("{said}{}", String::from_utf8_lossy(&run.stderr)));
    Duration::from_secs_f64(1.0 / rate).mul_f64(times as f64)
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
    let mut limiters: Vec<(&str, Arc<dyn RateLimiter>)> =
        vec![("memory", Arc::new(MemoryLimiter::new(clock.clone()))), ("sqlite", Arc::new(sqlite))];
    if let Some(url) = server("COUNTERSIGN_TEST_POSTGRES_URL", "takes on PostgreSQL") {
        let database = runtime.block_on(postgres(&url));
        limiters.push(("postgres", Arc::new(SqlLimiter::new(database, clock))));
    }
    if let Some(url) = server("COUNTERSIGN_TEST_REDIS_URL", "takes on Redis") {
        let redis = runtime.block_on(RedisLimiter::connect(&url)).expect("connect");
        limiters.push(("redis", Arc::new(redis)));
    }
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

criterion_group!(benches, saves, saves_postgres, growth, takes);
criterion_main!(benches);
