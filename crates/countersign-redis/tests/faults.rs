//! Redis stopped, killed and flushed: a bounded "no", never an uncharged "yes", and it goes on by itself afterwards.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that fails panics")]

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};

use countersign_rate_limit::{Charge, LimitError, RateLimiter};
use countersign_redis::RedisLimiter;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

/// A server of its own, which no other test minds being hurt.
struct Server {
    process: Child,
    port: u16,
    folder: TempDir,
}

impl Server {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        Self { process: run(port, &folder), port, folder }
    }

    fn signal(&self, signal: &str) {
        let done = Command::new("kill").args([signal, &self.process.id().to_string()]).status().unwrap();
        assert!(done.success());
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn restart(&mut self) {
        self.process = run(self.port, &self.folder);
    }

    async fn limiter(&self) -> RedisLimiter {
        let url = format!("redis://127.0.0.1:{}/", self.port);
        let connect = async {
            loop {
                match RedisLimiter::connect(&url).await {
                    Ok(limiter) => return limiter,
                    Err(_) => sleep(Duration::from_millis(20)).await,
                }
            }
        };
        timeout(Duration::from_secs(10), connect).await.expect("a Redis server")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn run(port: u16, folder: &TempDir) -> Child {
    Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "no", "--dir"])
        .arg(folder.path())
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server is installed")
}

fn charge() -> [Charge<'static>; 1] {
    [Charge::new("key", "2/1h".parse().unwrap())]
}

/// Refused, and within the two seconds that are promised and a little for a busy machine.
async fn refused(limiter: &RedisLimiter) {
    let answer =
        timeout(Duration::from_millis(2500), limiter.take(&charge())).await.expect("an answer in bounded time");
    assert!(matches!(answer, Err(LimitError::Unavailable(_))), "{answer:?}");
}

/// Within five seconds it decides again; says what.
async fn recovered(limiter: &RedisLimiter) -> bool {
    let ask = async {
        loop {
            match limiter.take(&charge()).await {
                Ok(decision) => return decision.is_allowed(),
                Err(_) => sleep(Duration::from_millis(50)).await,
            }
        }
    };
    timeout(Duration::from_secs(5), ask).await.expect("it does not recover")
}

#[tokio::test]
async fn a_server_that_stands_still_is_a_bounded_no() {
    let server = Server::start();
    let limiter = server.limiter().await;
    assert!(limiter.take(&charge()).await.unwrap().is_allowed());
    server.signal("-STOP");
    refused(&limiter).await;
    assert!(limiter.ping().await.is_err());
    server.signal("-CONT");
    // The refused one may have been charged when the server went on: then the quota of two is spent.
    recovered(&limiter).await;
    assert!(!limiter.take(&charge()).await.unwrap().is_allowed(), "more than the quota got through");
}

#[tokio::test]
async fn a_server_that_was_killed_is_a_no_until_it_is_back() {
    let mut server = Server::start();
    let limiter = server.limiter().await;
    assert!(limiter.take(&charge()).await.unwrap().is_allowed());
    server.kill();
    for _ in 0..3 {
        refused(&limiter).await;
    }
    server.restart();
    assert!(recovered(&limiter).await, "a new server has empty counts");
}

#[tokio::test]
async fn flushed_counts_begin_anew_and_scripts_come_back() {
    let server = Server::start();
    let limiter = server.limiter().await;
    for allowed in [true, true, false] {
        assert_eq!(limiter.take(&charge()).await.unwrap().is_allowed(), allowed);
    }
    for command in [&["FLUSHALL"][..], &["SCRIPT", "FLUSH"]] {
        let port = server.port.to_string();
        let done = Command::new("redis-cli").args(["-p", &port]).args(command).stdout(Stdio::null()).status().unwrap();
        assert!(done.success());
    }
    for allowed in [true, true, false] {
        assert_eq!(limiter.take(&charge()).await.unwrap().is_allowed(), allowed);
    }
}
