use std::{fs, sync::Arc};

use countersign::{
    SystemRandom,
    clock::{ManualClock, Timestamp},
};
use countersign_sqlx::Statement;
use tempfile::TempDir;

use super::rig::settings;
use crate::{keys, run_error::RunError, serve::House, settings::Keys};

const KEY: &str = "8f1d0c5b7a3e92d46b0f5e8a1c7d3b29e4f6081a2c9d7b5e3f1a0c8d6b4e2f19";

async fn open(data: &TempDir, arguments: &[&str]) -> Result<House, RunError> {
    let clock = ManualClock::at(Timestamp::from_secs(1_767_225_600));
    House::open(settings(data, arguments), Arc::new(clock)).await
}

async fn refused(data: &TempDir, arguments: &[&str]) -> String {
    match open(data, arguments).await {
        Ok(_) => panic!("it was opened"),
        Err(error) => {
            assert_eq!(error.exit_code(), 2);
            error.sentence()
        }
    }
}

#[tokio::test]
async fn a_ring_that_lacks_a_key_of_the_database_is_refused() {
    let data = TempDir::new().unwrap();
    let file = data.path().join("data/keys");
    drop(open(&data, &[]).await.unwrap());
    let kept = fs::read(&file).unwrap();
    drop(open(&data, &[]).await.unwrap());
    assert_eq!(fs::read(&file).unwrap(), kept);

    let sentence = refused(&data, &["--totp-encryption-key", KEY]).await;
    assert!(sentence.starts_with("TOTP_ENCRYPTION_KEY lacks the key ") && !sentence.contains(KEY), "{sentence}");
    fs::remove_file(&file).unwrap();
    let sentence = refused(&data, &[]).await;
    assert!(sentence.starts_with("COUNTERSIGN_KEYS ") && sentence.contains("keys"), "{sentence}");
    assert!(!file.exists());
}

#[tokio::test]
async fn a_single_key_is_a_ring_and_a_weak_one_is_refused() {
    let data = TempDir::new().unwrap();
    let sentence = refused(&data, &["--totp-encryption-key", &"0".repeat(64)]).await;
    assert!(sentence.starts_with("TOTP_ENCRYPTION_KEY "), "{sentence}");
    drop(open(&data, &["--totp-encryption-key", KEY]).await.unwrap());
    assert!(!data.path().join("data/keys").exists());
}

#[tokio::test]
async fn of_instances_that_start_at_once_with_rings_of_their_own_one_goes_on_at_most() {
    let data = TempDir::new().unwrap();
    let database = open(&data, &[]).await.unwrap().database;
    let noted = async || database.fetch("SELECT key_id FROM server_keys", Vec::new()).await.unwrap();
    for round in 0..20 {
        database.execute(Statement::new("DELETE FROM server_keys")).await.unwrap();
        let rings = ["a", "b"].map(|name| Keys::File(data.path().join(format!("{name}{round}"))));
        let start = |ring| keys::open(ring, &database, &SystemRandom, Timestamp::from_secs(1_767_225_600));
        let started = tokio::join!(start(&rings[0]), start(&rings[1]));
        let going: Vec<_> = [started.0, started.1].into_iter().flatten().collect();
        let going: Vec<_> = going.iter().map(|opened| opened.ring.active_id().to_string()).collect();
        let noted: Vec<_> = noted().await.iter().map(|row| row.text(0).unwrap().to_owned()).collect();
        assert!(going.len() <= 1, "{going:?}");
        assert_eq!(noted, going);
        // Started again, one after the other, the first goes on.
        start(&rings[0]).await.map(drop).or_else(|error| if noted.is_empty() { Err(error) } else { Ok(()) }).unwrap();
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_key_file_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;

    let data = TempDir::new().unwrap();
    drop(open(&data, &[]).await.unwrap());
    fs::set_permissions(data.path().join("data/keys"), fs::Permissions::from_mode(0o644)).unwrap();
    let sentence = refused(&data, &[]).await;
    assert!(sentence.starts_with("COUNTERSIGN_KEYS ") && sentence.contains("0600"), "{sentence}");
}
