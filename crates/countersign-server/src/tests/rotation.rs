use std::fs;

use countersign::{
    clock::{Clock, Timestamp},
    store::{Store, UserId},
};
use countersign_sqlx::{SqlStore, Statement};
use http::StatusCode;
use serde_json::json;

use super::rig::{ADA, Rig, settings};
use crate::{
    admin::{Admin, keys},
    rotation::Rotation,
    run_error::RunError,
    settings::{RingCommand, SealedCommand},
};

/// The key that was active, and the one that is from now on.
fn second_key(rig: &Rig) -> [String; 2] {
    let run = |command| {
        let mut out = Vec::new();
        keys(command, &settings(&rig.data, &[]), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    run(RingCommand::New);
    let listed = run(RingCommand::List);
    let mut ids = listed.lines().filter_map(|line| line.split_once("  ")).map(|(id, _)| id.to_owned());
    let [old, new] = std::array::from_fn(|_| ids.next().unwrap());
    run(RingCommand::Activate { id: new.clone() });
    [old, new]
}

async fn ask(rig: &Rig, command: SealedCommand) -> Result<String, RunError> {
    let mut out = Vec::new();
    Admin::of(rig.house().await, &mut out)?.sealed(command).await?;
    Ok(String::from_utf8(out).unwrap())
}

async fn rotation(rig: &Rig) -> Rotation {
    let house = rig.house().await;
    let engine = house.engine().unwrap();
    Rotation::new(house.database.clone(), house.vault.clone(), engine, house.randomness.clone())
}

/// What `keys rehearse` says of a key.
fn line<'a>(said: &'a str, key: &str) -> &'a str {
    said.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_else(|| panic!("no {key} in {said}")).trim()
}

#[tokio::test]
async fn a_key_goes_when_nothing_needs_it_any_more_and_not_before() {
    let mut rig = Rig::new().await;
    let ada = rig.enrol(ADA).await;
    let (cookie, refresh_token) = (ada.first.cookie(), ada.first.text("refresh_token"));
    let [old, new] = second_key(&rig);
    let file = rig.data.path().join("data/keys");

    let before = ask(&rig, SealedCommand::Rehearse).await.unwrap();
    assert!(before.starts_with("2 values would be sealed anew, 0 are as they should be, 0 do not open.\n"), "{before}");
    assert_eq!(line(&before, &new), "active; not needed");
    assert_eq!(
        line(&before, &old),
        "only opens; needed by 1 secrets of second factors, 2 events of audit trails, 1 addresses of devices, \
         1 fingerprints of devices, 1 sessions, 1 refresh tokens"
    );
    assert_eq!(ask(&rig, SealedCommand::Rehearse).await.unwrap(), before, "a rehearsal writes nothing");

    let rotated = ask(&rig, SealedCommand::Rotate).await.unwrap();
    assert!(rotated.contains("1 accounts and 1 devices visited: 2 values sealed anew, 0 did not open"), "{rotated}");
    let after = ask(&rig, SealedCommand::Rehearse).await.unwrap();
    assert!(after.starts_with("0 values would be sealed anew, 2 are as they should be, 0 do not open.\n"), "{after}");
    assert_eq!(line(&after, &new), "active; needed by 1 secrets of second factors, 1 addresses of devices");
    let ring = fs::read(&file).unwrap();
    let refused = ask(&rig, SealedCommand::Remove { id: old.clone() }).await.unwrap_err();
    let RunError::KeyNeeded { by, .. } = &refused else { panic!("{refused}") };
    assert_eq!(by, "2 events of audit trails, 1 fingerprints of devices, 1 sessions, 1 refresh tokens");
    assert_eq!(fs::read(&file).unwrap(), ring);

    // What was begun under the old key goes on under the new one, and the device is the same one.
    rig.restart().await;
    let request = super::rig::request(http::Method::GET, "/api/v1/auth/me", "192.0.2.1").header("cookie", cookie);
    assert_eq!(rig.send(request, None).await.status, StatusCode::OK);
    let again = rig.post("/api/v1/auth/refresh", None, json!({ "refresh_token": refresh_token })).await;
    assert_eq!(again.status, StatusCode::OK, "{again:?}");
    let session = rig.sign_in(ADA, &ada.phone).await.text("access_token");
    let devices = rig.get("/api/v1/devices", Some(&session)).await;
    assert_eq!(devices.body["devices"].as_array().unwrap().len(), 1, "{devices:?}");
    let said = ask(&rig, SealedCommand::Rehearse).await.unwrap();
    assert_eq!(line(&said, &old), "only opens; needed by 2 events of audit trails, 1 sessions, 1 refresh tokens");

    rig.wait(24 * 60 * 60);
    let house = rig.house().await;
    let users = SqlStore::new(house.database.clone()).users(None, 10).await.unwrap();
    let engine = house.engine().unwrap();
    let tomorrow = Timestamp::from_secs(rig.clock.now().unwrap().as_secs() + 1);
    assert!(engine.prune_trail(&users[0], tomorrow).await.unwrap() > 2);
    ask(&rig, SealedCommand::Remove { id: old.clone() }).await.unwrap();
    assert!(!fs::read_to_string(&file).unwrap().contains(&old));
    rig.restart().await;
    rig.sign_in(ADA, &ada.phone).await;
    assert!(matches!(ask(&rig, SealedCommand::Remove { id: new }).await, Err(RunError::Setting(_))));
}

#[tokio::test]
async fn a_trail_whose_record_is_gone_needs_its_keys() {
    let rig = Rig::new().await;
    rig.enrol(ADA).await;
    let [old, _] = second_key(&rig);
    let store = SqlStore::new(rig.house().await.database);
    let user: UserId = store.users(None, 1).await.unwrap().remove(0);
    let version = store.load(&user).await.unwrap().unwrap().version;
    let _ = store.remove(&user, version, &[]).await.unwrap();
    let said = ask(&rig, SealedCommand::Rehearse).await.unwrap();
    assert!(line(&said, &old).starts_with("only opens; needed by 2 events of audit trails, 1 addresses"), "{said}");
}

#[tokio::test]
async fn a_rotation_that_was_killed_goes_on_where_it_stood() {
    let rig = Rig::new().await;
    rig.enrol(ADA).await;
    rig.enrol("grace@example.com").await;
    second_key(&rig);
    let first = rotation(&rig).await;
    let progress = first.step(first.resume().await.unwrap()).await.unwrap();
    let halfway = "2 accounts and 0 devices visited: 2 values sealed anew, 0 did not open and were left alone.";
    assert_eq!((progress.is_done(), progress.sentence().as_str()), (false, halfway));

    let next = rotation(&rig).await;
    let progress = next.resume().await.unwrap();
    assert_eq!(progress.sentence(), halfway);
    let progress = next.step(progress).await.unwrap();
    assert!(progress.is_done() && progress.sentence().starts_with("2 accounts and 2 devices visited: 4 values"));
    assert!(next.resume().await.unwrap().sentence().starts_with("0 accounts"), "the next one begins anew");

    // One that was on its way to another key does too.
    let progress = next.step(next.resume().await.unwrap()).await.unwrap();
    assert!(!progress.is_done());
    let old = rig.house().await.vault.key_ring().ids().last().unwrap().to_string();
    keys(RingCommand::Activate { id: old }, &settings(&rig.data, &[]), &mut Vec::new()).unwrap();
    assert!(rotation(&rig).await.resume().await.unwrap().sentence().starts_with("0 accounts"));
}

#[tokio::test]
async fn a_hash_whose_key_was_not_written_down_may_need_any() {
    let rig = Rig::new().await;
    rig.enrol(ADA).await;
    second_key(&rig);
    let [third, _] = second_key(&rig);
    let said = ask(&rig, SealedCommand::Rehearse).await.unwrap();
    assert_eq!(line(&said, &third), "only opens; not needed");
    // As a row is that was there before its key was noted.
    let forget = Statement::new("UPDATE server_sessions SET key_id = ''");
    assert!(rig.house().await.database.write(vec![forget]).await.unwrap().is_done());
    let refused = ask(&rig, SealedCommand::Remove { id: third }).await.unwrap_err();
    assert_eq!(refused.sentence().split_once(" is ").unwrap().1, "needed by 1 sessions");
}
