//! The races of the conformance kits between two processes: the test binary runs itself twice, and every count is exact.

use std::{process::Stdio, sync::Arc};

use countersign_clock::{SystemClock, Timestamp};
use countersign_rate_limit::{Charge, RateLimiter};
use countersign_sqlx::{Database, SqlLimiter, SqlStore};
use countersign_store::{Record, Removed, SaveId, Saved, Store, UserId};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines, Stdin, stdin},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::Barrier,
};

/// Where the two processes meet.
pub(crate) const PLACE: &str = "COUNTERSIGN_RACE_PLACE";

const PROCESSES: u64 = 2;
/// In each process.
const CALLERS: u64 = 16;
const ROUNDS: u64 = 8;
const EACH: u64 = 4;
const LIMIT: u64 = 10;

/// Starts `racer`, an ignored test of this binary that calls [`race`], twice, and checks what the two count together.
pub(crate) async fn compare(racer: &str, place: &str, database: Database) {
    let mut racers = Vec::new();
    for _ in 0..PROCESSES {
        racers.push(Racer::start(racer, place).await);
    }
    let store = SqlStore::new(database);
    for round in 0..ROUNDS {
        let who = user(round);
        assert_eq!(together(&mut racers, "first", round).await, 1, "first saves that won");
        assert_eq!(together(&mut racers, "add", round).await, PROCESSES * CALLERS * EACH, "saves that were stored");
        let stored = store.load(&who).await.unwrap().unwrap();
        assert_eq!(count(&stored.record), PROCESSES * CALLERS * EACH, "updates were lost");
        assert_eq!(together(&mut racers, "save", round).await, 1, "saves of one version that won");
        assert_eq!(together(&mut racers, "remove", round).await, 1, "removals that won");
        assert!(store.load(&who).await.unwrap().is_none());
        assert_eq!(together(&mut racers, "take", round).await, LIMIT, "takes that were let through");
    }
}

/// One of the two processes: does what it is told, a line at a time, and says how often that came through.
#[expect(clippy::print_stdout, reason = "how it answers")]
pub(crate) async fn race(database: Database) {
    let store = Arc::new(SqlStore::new(database.clone()));
    let limiter = Arc::new(SqlLimiter::new(database, Arc::new(SystemClock::new())));
    let mut told: Lines<BufReader<Stdin>> = BufReader::new(stdin()).lines();
    println!("\nready");
    while let Some(line) = told.next_line().await.unwrap() {
        let (case, round) = line.split_once(' ').unwrap();
        let round: u64 = round.parse().unwrap();
        let stored = store.load(&user(round)).await.unwrap();
        let version = stored.map(|stored| stored.version);
        // What all of them go on from is settled; only now do they go.
        println!("set");
        assert_eq!(told.next_line().await.unwrap().as_deref(), Some("go"));
        let gate = Arc::new(Barrier::new(usize::try_from(CALLERS).unwrap()));
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                let (gate, store, limiter, case) =
                    (Arc::clone(&gate), Arc::clone(&store), Arc::clone(&limiter), case.to_owned());
                tokio::spawn(async move {
                    gate.wait().await;
                    match &*case {
                        "first" => {
                            u64::from(store.save(&user(round), None, &record(0), &[]).await.unwrap() != Saved::Conflict)
                        }
                        "save" => u64::from(
                            store.save(&user(round), version, &record(0), &[]).await.unwrap() != Saved::Conflict,
                        ),
                        "remove" => {
                            let removed = store.remove(&user(round), version.unwrap(), &[]).await.unwrap();
                            u64::from(removed == Removed::Done)
                        }
                        "add" => add(&store, &user(round)).await,
                        "take" => {
                            let key = format!("key-{round}");
                            let charge = [Charge::new(&key, format!("{LIMIT}/1h").parse().unwrap())];
                            u64::from(limiter.take(&charge).await.unwrap().is_allowed())
                        }
                        other => panic!("{other}"),
                    }
                })
            })
            .collect();
        let mut through = 0;
        for caller in callers {
            through += caller.await.unwrap();
        }
        println!("through {through}");
    }
}

/// Loads, adds one and saves until it is stored, and that a few times.
async fn add(store: &SqlStore, who: &UserId) -> u64 {
    for _ in 0..EACH {
        for turn in 0.. {
            // A conflict is another's save, and there are only so many.
            assert!(turn <= PROCESSES * CALLERS * EACH, "conflicts without end");
            let stored = store.load(who).await.unwrap().unwrap();
            let next = record(count(&stored.record) + 1);
            match store.save(who, Some(stored.version), &next, &[]).await.unwrap() {
                Saved::Stored(_) => break,
                Saved::Conflict => tokio::task::yield_now().await,
            }
        }
    }
    EACH
}

fn user(round: u64) -> UserId {
    UserId::new(format!("user-{round}")).unwrap()
}

fn record(count: u64) -> Record {
    let at = Timestamp::from_millis(count);
    let body = count.to_be_bytes().to_vec();
    Record { body, save_id: SaveId::new([7; 16]), enabled: true, locked_until: None, updated_at: at }
}

fn count(record: &Record) -> u64 {
    u64::from_be_bytes(record.body[..].try_into().unwrap())
}

struct Racer {
    tell: ChildStdin,
    said: Lines<BufReader<ChildStdout>>,
    /// Ended when this is dropped.
    _process: Child,
}

impl Racer {
    async fn start(racer: &str, place: &str) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", racer, "--ignored", "--nocapture"])
            .env(PLACE, place)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (tell, said) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()).lines());
        let mut racer = Self { tell, said, _process: process };
        racer.until("ready").await;
        racer
    }

    async fn tell(&mut self, what: &str) {
        self.tell.write_all(format!("{what}\n").as_bytes()).await.unwrap();
    }

    /// The rest of the next line that begins with `what`.
    async fn until(&mut self, what: &str) -> String {
        loop {
            let line = self.said.next_line().await.unwrap().expect("a racing process ended");
            if let Some(rest) = line.strip_prefix(what) {
                return rest.trim().to_owned();
            }
        }
    }
}

/// Lets both processes go at the same time, and adds up what came through.
async fn together(racers: &mut [Racer], case: &str, round: u64) -> u64 {
    for racer in &mut *racers {
        racer.tell(&format!("{case} {round}")).await;
    }
    for racer in &mut *racers {
        racer.until("set").await;
    }
    for racer in &mut *racers {
        racer.tell("go").await;
    }
    let mut through = 0;
    for racer in racers {
        through += racer.until("through").await.parse::<u64>().unwrap();
    }
    through
}
