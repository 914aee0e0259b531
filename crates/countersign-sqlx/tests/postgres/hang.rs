//! The server hangs, as one does whose machine is frozen, and then its connections are cut: a bounded "no" while it lasts,
//! and soon afterwards all is as before, by itself.

use std::time::Duration;

use countersign_clock::Timestamp;
use countersign_rate_limit::{Charge, RateLimiter};
use countersign_sqlx::{Database, PostgresOptions, SqlLimiter, SqlStore};
use countersign_store::{Record, SaveId, Saved, Store, StoreError, UserId};
use tokio::time::{sleep, timeout};

use super::server::{Server, services};

/// Calls give up after a second and a half; the rest is for a machine that is busy.
const BOUND: Duration = Duration::from_millis(2500);
const RECOVERY: Duration = Duration::from_secs(5);

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_is_a_bounded_no_and_recovery_is_quick() {
    let server = Server::start();
    let database = Database::open_postgres(&server.url(), PostgresOptions::default()).await.unwrap();
    SqlStore::migrate(&database).await.unwrap();
    let limiter = SqlLimiter::new(database.clone(), std::sync::Arc::new(countersign_clock::SystemClock::new()));
    let store = SqlStore::new(database.clone());
    let alice = UserId::new("alice").unwrap();
    let charge = [Charge::new("account", "100/1h".parse().unwrap())];
    let Saved::Stored(mut version) = store.save(&alice, None, &record(0), &[]).await.unwrap() else {
        panic!("conflict")
    };
    for round in 1..=2_u8 {
        // Every connection of the pool is there: reads and writes alike are under way on one that hangs.
        let held: Vec<_> = (0..16)
            .map(|_| {
                let database = database.clone();
                tokio::spawn(async move { database.fetch("SELECT pg_sleep(0.3) IS NULL", Vec::new()).await })
            })
            .collect();
        for held in held {
            held.await.unwrap().unwrap();
        }
        services("hang-postgres", server.folder());
        // More callers than connections: those who wait for one are answered in time too.
        let callers: Vec<_> = (0..40)
            .map(|number| {
                let (store, alice) = (store.clone(), alice.clone());
                tokio::spawn(async move {
                    let mark = round * 100 + number;
                    match number % 2 {
                        0 => store.load(&alice).await.map(drop),
                        _ => store.save(&alice, Some(version), &record(mark), &[]).await.map(drop),
                    }
                })
            })
            .collect();
        let answers = async {
            assert!(limiter.take(&charge).await.is_err(), "an uncharged yes");
            for caller in callers {
                let answer = caller.await.unwrap();
                assert!(matches!(answer, Err(StoreError::Unavailable(_) | StoreError::Unknown(_))), "{answer:?}");
            }
        };
        timeout(BOUND, answers).await.expect("answers in bounded time");

        services("cut-postgres", server.folder());
        let recovered = async {
            loop {
                // A save whose answer was lost may have come in: load and go on from there, as the contract says.
                if let Ok(Some(stored)) = store.load(&alice).await {
                    assert_eq!(stored.record, record(stored.record.body[0]), "half a record");
                    let saved = store.save(&alice, Some(stored.version), &record(round), &[]).await;
                    if let Ok(Saved::Stored(next)) = saved
                        && limiter.take(&charge).await.is_ok()
                    {
                        return next;
                    }
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        let next = timeout(RECOVERY, recovered).await.expect("recovery in five seconds");
        assert!(next > version);
        version = next;
        assert_eq!(store.load(&alice).await.unwrap().unwrap().record, record(round));
    }
}
