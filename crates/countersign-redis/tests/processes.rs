//! Two processes on one Redis: what they let through together is the limit, for every shape.
//!
//! The test binary runs itself twice. A server is needed: `scripts/services.sh start FOLDER && . FOLDER/env`.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that fails panics")]
#![expect(clippy::disallowed_methods, reason = "where the server is and where to meet cannot be known otherwise")]

use std::{process::Stdio, sync::Arc};

use countersign_rate_limit::{Charge, RateLimiter};
use countersign_redis::RedisLimiter;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines, stdin},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::Barrier,
};

/// What both processes put before their keys, and no other run does.
const PREFIX: &str = "COUNTERSIGN_RACE_PREFIX";
/// In each process.
const CALLERS: usize = 16;
const ROUNDS: usize = 20;
const LIMIT: usize = 10;

#[tokio::test]
async fn two_processes_let_through_as_many_as_the_limit() {
    let prefix = format!("race-{}", std::process::id());
    let mut racers = [Racer::start(&prefix).await, Racer::start(&prefix).await];
    for shape in ["", "sliding", "token-bucket"] {
        for round in 0..ROUNDS {
            for racer in &mut racers {
                racer.tell.write_all(format!("{round} {shape}\n").as_bytes()).await.unwrap();
            }
            let mut through = 0;
            for racer in &mut racers {
                through += racer.until("through").await.parse::<usize>().unwrap();
            }
            assert_eq!(through, LIMIT, "{shape}, round {round}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by the other test, in two processes of its own"]
async fn racer() {
    let url = std::env::var("COUNTERSIGN_TEST_REDIS_URL").expect("the Redis server of the tests");
    let limiter = RedisLimiter::connect(&url).await.unwrap().prefix(&std::env::var(PREFIX).unwrap()).unwrap();
    let limiter = Arc::new(limiter);
    let mut told = BufReader::new(stdin()).lines();
    println!("\nready");
    while let Some(line) = told.next_line().await.unwrap() {
        let (round, shape) = line.split_once(' ').unwrap();
        let (key, quota) = (format!("key-{round}-{shape}"), format!("{LIMIT}/1h {shape}"));
        let gate = Arc::new(Barrier::new(CALLERS));
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                let (gate, limiter) = (Arc::clone(&gate), Arc::clone(&limiter));
                let (key, quota) = (key.clone(), quota.trim().parse().unwrap());
                tokio::spawn(async move {
                    gate.wait().await;
                    usize::from(limiter.take(&[Charge::new(&key, quota)]).await.unwrap().is_allowed())
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

struct Racer {
    tell: ChildStdin,
    said: Lines<BufReader<ChildStdout>>,
    /// Ended when this is dropped.
    _process: Child,
}

impl Racer {
    async fn start(prefix: &str) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "racer", "--ignored", "--nocapture"])
            .env(PREFIX, prefix)
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
