//! The handle itself on SQLite: guards, batches that share a commit, migrations, files, locks.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

use std::{path::Path, sync::Arc, time::Duration};

use countersign_sqlx::{Database, DbError, Migration, SqliteOptions, Statement, Written};
use tempfile::TempDir;
use tokio::sync::Barrier;

const MIGRATION: Migration = Migration {
    version: 1,
    name: "things",
    sqlite: "CREATE TABLE things (id INTEGER NOT NULL PRIMARY KEY, body TEXT NOT NULL CHECK (body <> '')) STRICT;
        CREATE TABLE parts (thing INTEGER NOT NULL REFERENCES things (id)) STRICT;
        CREATE TABLE later (thing INTEGER NOT NULL REFERENCES things (id) DEFERRABLE INITIALLY DEFERRED) STRICT;",
    postgres: "",
};

async fn open(path: &Path) -> Database {
    let database = Database::open_sqlite(path, SqliteOptions::default()).await.unwrap();
    database.migrate("things", &[MIGRATION]).await.unwrap();
    database
}

async fn fresh() -> (Database, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (open(&folder.path().join("test.db")).await, folder)
}

fn insert(id: i64, body: &str) -> Statement {
    Statement::new("INSERT INTO things (id, body) VALUES ($1, $2)").bind(id).bind(body)
}

async fn ids(database: &Database) -> Vec<i64> {
    let rows = database.fetch("SELECT id FROM things ORDER BY id", Vec::new()).await.unwrap();
    rows.iter().map(|row| row.i64(0).unwrap()).collect()
}

#[tokio::test]
async fn a_guard_that_is_not_met_undoes_the_whole_batch() {
    let (database, _folder) = fresh().await;
    let rename = Statement::new("UPDATE things SET body = $2 WHERE id = $1").bind(7_i64).bind("new").expect_rows(1);
    let written = database.write(vec![insert(1, "one"), rename.clone(), insert(2, "two")]).await.unwrap();
    assert_eq!(written, Written::Guard { index: 1, affected: 0 });
    assert_eq!(ids(&database).await, []);
    let outcomes = database.write(vec![insert(7, "seven"), rename]).await.unwrap().done().unwrap();
    assert_eq!(outcomes.iter().map(|outcome| outcome.affected).collect::<Vec<_>>(), [1, 1]);
}

#[tokio::test]
async fn rows_come_back_from_inside_a_write() {
    let (database, _folder) = fresh().await;
    let returning =
        Statement::new("INSERT INTO things (id, body) VALUES ($2, $1) RETURNING body, id").bind("a").bind(3_i64);
    let count = Statement::new("SELECT COUNT(*) FROM things");
    let outcomes = database.write(vec![returning.expect_rows(1), count]).await.unwrap().done().unwrap();
    assert_eq!((outcomes[0].rows[0].text(0).unwrap(), outcomes[0].rows[0].i64(1).unwrap()), ("a", 3));
    assert_eq!(outcomes[1].rows[0].i64(0).unwrap(), 1);
}

#[tokio::test]
async fn a_constraint_undoes_its_batch_and_is_named() {
    let (database, _folder) = fresh().await;
    let orphan = Statement::new("INSERT INTO parts (thing) VALUES ($1)").bind(9_i64);
    for last in [insert(1, "again"), insert(2, ""), orphan] {
        let written = database.write(vec![insert(1, "one"), last]).await;
        assert!(matches!(written, Err(DbError::Constraint(_))), "{written:?}");
    }
    let nonsense = database.write(vec![insert(1, "one"), Statement::new("INSERT INTO nowhere VALUES (1)")]).await;
    assert!(matches!(nonsense, Err(DbError::Statement(_))), "{nonsense:?}");
    let unbound = database.write(vec![Statement::new("DELETE FROM things WHERE id = $1")]).await;
    assert!(matches!(unbound, Err(DbError::Statement(_))), "{unbound:?}");
    assert_eq!(ids(&database).await, []);
}

/// A constraint that is looked at with the commit leaves the transaction open when it fails: nothing of it stays, and the next
/// caller is not in it.
#[tokio::test]
async fn a_commit_that_fails_is_undone() {
    let (database, _folder) = fresh().await;
    let orphan = Statement::new("INSERT INTO later (thing) VALUES ($1)").bind(9_i64);
    let written = database.write(vec![insert(1, "one"), orphan]).await;
    assert!(written.is_err(), "{written:?}");
    assert_eq!(ids(&database).await, []);
    assert!(matches!(database.write(vec![insert(2, "two")]).await, Ok(Written::Done(_))));
    assert_eq!(ids(&database).await, [2]);
}

/// Batches of three kinds let go together: those that are right are all there, and of the others nothing, though they
/// share their transactions.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_batch_that_fails_takes_no_other_with_it() {
    let (database, _folder) = fresh().await;
    let gate = Arc::new(Barrier::new(90));
    let tasks: Vec<_> = (0..90_i64)
        .map(|number| {
            let (database, gate) = (database.clone(), Arc::clone(&gate));
            tokio::spawn(async move {
                gate.wait().await;
                let mut batch = vec![insert(number, "x")];
                match number % 3 {
                    0 => batch.push(insert(number + 1000, "y")),
                    1 => batch.push(insert(number + 1000, "")),
                    _ => batch.push(Statement::new("DELETE FROM things WHERE id = -1").expect_rows(1)),
                }
                (number % 3, database.write(batch).await)
            })
        })
        .collect();
    for task in tasks {
        match task.await.unwrap() {
            (0, Ok(Written::Done(_))) | (1, Err(DbError::Constraint(_))) | (2, Ok(Written::Guard { index: 1, .. })) => {
            }
            other => panic!("{other:?}"),
        }
    }
    let right = (0..90).filter(|number| number % 3 == 0);
    let wanted: Vec<i64> = right.clone().chain(right.map(|number| number + 1000)).collect();
    assert_eq!(ids(&database).await, wanted);
}

#[tokio::test]
async fn readers_cannot_write() {
    let (database, _folder) = fresh().await;
    assert!(database.fetch("INSERT INTO things (id, body) VALUES (1, 'x') RETURNING id", Vec::new()).await.is_err());
    assert_eq!(ids(&database).await, []);
}

#[tokio::test]
async fn what_was_written_is_there_after_closing_and_calls_are_refused() {
    let (database, folder) = fresh().await;
    assert!(database.write(vec![insert(1, "one")]).await.unwrap().is_done());
    database.close().await;
    assert!(!folder.path().join("test.db-wal").exists(), "the log was not folded in");
    assert!(matches!(database.write(vec![insert(2, "two")]).await, Err(DbError::Unavailable(_))));
    assert!(matches!(database.ping().await, Err(DbError::Unavailable(_))));
    database.close().await;
    assert_eq!(ids(&open(&folder.path().join("test.db")).await).await, [1]);
}

#[tokio::test]
async fn the_log_is_folded_back_before_it_is_long() {
    let (database, folder) = fresh().await;
    let body = "a page of it ".repeat(80_000);
    for id in 0..100 {
        assert!(database.write(vec![insert(id, &body)]).await.unwrap().is_done());
    }
    let log = std::fs::metadata(folder.path().join("test.db-wal")).unwrap().len();
    // A hundred megabytes went through it. The largest it becomes is 16,000 pages and the commit that made it so.
    assert!(log < 68 << 20, "{log} bytes");
    assert_eq!(ids(&database).await, (0..100).collect::<Vec<_>>());
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let (database, folder) = fresh().await;
    assert!(database.write(vec![insert(1, "one")]).await.unwrap().is_done());
    let mut seen = 0;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.file_name());
        seen += 1;
    }
    assert_eq!(seen, 3, "the database, its log and its index");
}

#[tokio::test]
async fn migrations_only_go_forward() {
    let (database, _folder) = fresh().await;
    let more = Migration { version: 2, name: "more", sqlite: "CREATE TABLE more (id INTEGER) STRICT", postgres: "" };
    let refused = |result: Result<(), DbError>, version: u32, reason: &str| match result {
        Err(DbError::Migration { version: found, reason: why, .. }) => assert_eq!((found, why), (version, reason)),
        other => panic!("{other:?}"),
    };
    let changed = Migration { sqlite: "CREATE TABLE things (id INTEGER) STRICT", ..MIGRATION };
    refused(database.migrate("things", &[changed]).await, 1, "was changed after it had been applied");
    refused(database.migrate("things", &[MIGRATION, Migration { version: 3, ..more }]).await, 3, "is out of order");
    let broken =
        Migration { sqlite: "CREATE TABLE half (id INTEGER) STRICT; CREATE TABLE things (id INTEGER)", ..more };
    assert!(database.migrate("things", &[MIGRATION, broken]).await.is_err());
    assert!(database.fetch("SELECT id FROM half", Vec::new()).await.is_err(), "half a migration stayed");
    database.migrate("things", &[MIGRATION, more]).await.unwrap();
    database.migrate("things", &[MIGRATION, more]).await.unwrap();
    refused(database.migrate("things", &[MIGRATION]).await, 2, "was applied by a newer program");
    // Another set, with numbers of its own.
    let other = Migration { version: 1, name: "other", sqlite: "CREATE TABLE other (id INTEGER) STRICT", postgres: "" };
    database.migrate("other", &[other]).await.unwrap();
}

/// While another process holds the lock, a write is refused in bounded time and never done later; after it, all is well.
#[tokio::test]
async fn a_locked_file_is_a_bounded_no() {
    let (database, folder) = fresh().await;
    let other = rusqlite::Connection::open(folder.path().join("test.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let write = tokio::time::timeout(Duration::from_secs(4), database.write(vec![insert(1, "one")])).await;
    assert!(matches!(write.unwrap(), Err(DbError::Unavailable(_))), "nothing was changed, and it says so");
    assert_eq!(ids(&database).await, [], "reading goes on");
    other.execute_batch("ROLLBACK").unwrap();
    assert!(database.write(vec![insert(2, "two")]).await.unwrap().is_done());
    assert_eq!(ids(&database).await, [2], "what was refused was done later");
}

/// A disk without room refuses; what was there stays, and with room again it goes on.
#[tokio::test]
async fn a_full_disk_is_a_no() {
    let (database, _folder) = fresh().await;
    assert!(database.write(vec![insert(1, "one")]).await.unwrap().is_done());
    // SQLite's own ceiling gives the same error as a disk that is full.
    assert!(database.write(vec![Statement::new("PRAGMA max_page_count = 8")]).await.unwrap().is_done());
    let large = "x".repeat(100_000);
    let (big, small) = tokio::join!(database.write(vec![insert(2, &large)]), database.write(vec![insert(3, "three")]));
    assert!(matches!(big, Err(DbError::Unavailable(_))), "{big:?}");
    assert!(database.write(vec![Statement::new("PRAGMA max_page_count = 1000000")]).await.unwrap().is_done());
    assert!(database.write(vec![insert(4, &large)]).await.unwrap().is_done());
    // The small one may have shared the transaction that ended: then it was refused too, and is not there.
    let wanted = if small.is_ok_and(|written| written.is_done()) { vec![1, 3, 4] } else { vec![1, 4] };
    assert_eq!(ids(&database).await, wanted);
}
