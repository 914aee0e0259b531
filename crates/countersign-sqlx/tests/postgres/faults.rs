//! A row that is locked for long, connections that are cut, a statement that takes too long: a bounded "no", and it goes
//! on by itself afterwards.

use std::time::Duration;

use countersign_clock::Timestamp;
use countersign_sqlx::{Database, DbError, PostgresOptions, SqlStore, Statement, Value};
use countersign_store::{Record, SaveId, Saved, Store, StoreError, UserId, Version};
use sqlx::{Connection, Executor, PgConnection};
use tokio::time::timeout;

const BOUND: Duration = Duration::from_secs(4);

fn record(mark: u8) -> Record {
    let at = Timestamp::from_millis(mark.into());
    Record { body: vec![mark], save_id: SaveId::new([mark; 16]), enabled: true, locked_until: None, updated_at: at }
}

async fn save(store: &SqlStore, expected: Option<Version>, mark: u8) -> Result<Saved, StoreError> {
    let alice = UserId::new("alice").unwrap();
    timeout(BOUND, store.save(&alice, expected, &record(mark), &[])).await.expect("an answer in bounded time")
}

#[tokio::test]
async fn a_row_locked_for_long_is_a_bounded_no() {
    let url = super::schema().await;
    let database = Database::open_postgres(&url, PostgresOptions::default()).await.unwrap();
    SqlStore::migrate(&database).await.unwrap();
    let store = SqlStore::new(database);
    let Saved::Stored(first) = save(&store, None, 1).await.unwrap() else { panic!("conflict") };

    let mut other = PgConnection::connect(&url).await.unwrap();
    let mut held = other.begin().await.unwrap();
    held.execute("SELECT * FROM countersign_records FOR UPDATE").await.unwrap();
    let refused = save(&store, Some(first), 2).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "certain that nothing was changed: {refused:?}");
    let stored = store.load(&UserId::new("alice").unwrap()).await.unwrap().unwrap();
    assert_eq!(stored.version, first, "reading goes on");
    held.rollback().await.unwrap();
    assert!(matches!(save(&store, Some(first), 3).await, Ok(Saved::Stored(_))), "what was refused was done later");
}

#[tokio::test]
async fn connections_that_are_cut_are_replaced() {
    let url = super::schema().await;
    let name = url.split("search_path%3D").nth(1).unwrap();
    let database =
        Database::open_postgres(&format!("{url}&application_name={name}"), PostgresOptions::default()).await.unwrap();
    SqlStore::migrate(&database).await.unwrap();
    let store = SqlStore::new(database.clone());
    let Saved::Stored(mut version) = save(&store, None, 1).await.unwrap() else { panic!("conflict") };
    let mut other = PgConnection::connect(&url).await.unwrap();
    for mark in 2..6 {
        let cut = sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1");
        let cut = cut.bind(name).fetch_all(&mut other).await.unwrap();
        assert!(!cut.is_empty(), "there was nothing to cut");
        // A read is asked again by itself; a write is not: its caller loads and compares, as the contract says.
        let alice = UserId::new("alice").unwrap();
        match save(&store, Some(version), mark).await {
            Ok(Saved::Stored(next)) => version = next,
            Err(StoreError::Unavailable(_) | StoreError::Unknown(_)) => {
                let stored = store.load(&alice).await.unwrap().unwrap();
                version = stored.version;
                assert_ne!(stored.record.save_id, SaveId::new([mark; 16]), "it was done after all");
            }
            other => panic!("{other:?}"),
        }
        let Ok(Saved::Stored(next)) = save(&store, Some(version), mark + 100).await else { panic!("does not recover") };
        version = next;
    }
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_a_bounded_no() {
    let database = Database::open_postgres(&super::schema().await, PostgresOptions::default()).await.unwrap();
    let slow = timeout(BOUND, database.fetch("SELECT pg_sleep(60) IS NULL", Vec::new())).await;
    assert!(matches!(slow.expect("an answer in bounded time"), Err(DbError::Unavailable(_))));
    let slow = timeout(BOUND, database.write(vec![Statement::new("SELECT pg_sleep(60) IS NULL")])).await;
    let slow = slow.expect("an answer in bounded time");
    assert!(matches!(slow, Err(DbError::Unavailable(_) | DbError::Unknown(_))), "{slow:?}");
    database.ping().await.unwrap();
}

/// A NULL first and a value later, and the other way round, in one prepared statement.
#[tokio::test]
async fn nulls_and_values_share_a_statement() {
    let database =
        Database::open_postgres(&super::schema().await, PostgresOptions::default().connections(1)).await.unwrap();
    let make = "CREATE TABLE things (id BIGINT, body TEXT, data BYTEA, flag BOOLEAN)";
    assert!(database.write(vec![Statement::new(make)]).await.unwrap().is_done());
    let insert = Statement::new("INSERT INTO things (id, body, data, flag) VALUES ($1, $2, $3, $4)");
    let nothing = (0..4).fold(insert.clone(), |statement, _| statement.bind(Value::Null));
    let something = insert.bind(7_i64).bind("x").bind(b"y".as_slice()).bind(true);
    for statement in [nothing.clone(), something.clone(), nothing, something] {
        assert!(database.write(vec![statement]).await.unwrap().is_done());
    }
    let rows =
        database.fetch("SELECT id, body, data, flag FROM things ORDER BY id NULLS FIRST", Vec::new()).await.unwrap();
    assert_eq!(rows.len(), 4);
    assert_eq!((rows[1].opt_i64(0).unwrap(), rows[1].opt_text(1).unwrap()), (None, None));
    assert_eq!((rows[2].i64(0).unwrap(), rows[2].text(1).unwrap()), (7, "x"));
    assert_eq!((rows[3].bytes(2).unwrap(), rows[3].bool(3).unwrap()), (b"y".as_slice(), true));
}
