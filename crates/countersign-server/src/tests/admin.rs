use std::fs;

use clap::Parser as _;
use http::StatusCode;
use tempfile::TempDir;

use super::rig::settings;
use crate::{
    admin::{Admin, keys},
    run_error::RunError,
    settings::{AuditCommand, CommandLine, Keys, RingCommand, Settings, UserCommand},
};

#[tokio::test]
async fn what_looks_at_a_house_makes_none() {
    let data = TempDir::new().unwrap();
    let folder = data.path().join("data");
    let open = async || Admin::open(settings(&data, &[]), &mut Vec::new()).await.err().map(|error| error.sentence());
    let told = open().await.unwrap();
    assert!(told.contains("countersign.db") && told.contains("COUNTERSIGN_DATA_DIR"), "{told}");
    assert!(!folder.exists());
    drop(Admin::make(settings(&data, &[]), &mut Vec::new()).await.unwrap());
    assert_eq!(open().await, None);
    fs::remove_file(folder.join("keys")).unwrap();
    let told = open().await.unwrap();
    assert!(told.contains("COUNTERSIGN_KEYS"), "{told}");
    assert!(!folder.join("keys").exists());
}

#[tokio::test]
async fn a_refusal_to_start_names_its_setting() {
    let data = TempDir::new().unwrap();
    let place = data.path().to_str().unwrap();
    let (database, keys) = (format!("sqlite://{place}/none/a.db"), format!("{place}/none/keys"));
    for (argument, value, name) in [
        ("--database-url", database.as_str(), "COUNTERSIGN_DATABASE_URL"),
        ("--keys", keys.as_str(), "COUNTERSIGN_KEYS"),
        ("--data-dir", "/dev/null/data", "COUNTERSIGN_DATA_DIR"),
    ] {
        let mut given = vec!["countersign-server", argument, value];
        if argument != "--data-dir" {
            given.extend(["--data-dir", place]);
        }
        let line = CommandLine::parse_from(given);
        let told = Admin::make(Settings::read(line.given).unwrap(), &mut Vec::new()).await.err().unwrap().sentence();
        assert!(told.contains(name), "{told}");
    }
}

#[test]
fn a_rotation_begins_with_a_second_key() {
    let data = TempDir::new().unwrap();
    let settings = settings(&data, &[]);
    let Keys::File(path) = &settings.keys else { panic!("a file") };
    fs::create_dir(data.path().join("data")).unwrap();
    let run = |command| {
        let mut out = Vec::new();
        keys(command, &settings, &mut out).map(|()| String::from_utf8(out).unwrap())
    };
    assert!(matches!(run(RingCommand::List), Err(RunError::Setting(_))));
    assert!(!path.exists());
    let key =
        countersign::vault::MasterKey::from_hex("8f1d0c5b7a3e92d46b0f5e8a1c7d3b29e4f6081a2c9d7b5e3f1a0c8d6b4e2f19");
    let ring = countersign::vault::KeyRing::new(key.unwrap());
    crate::data_dir::write_new(path, ring.to_text().expose_str().as_bytes()).unwrap();

    run(RingCommand::New).unwrap();
    let listed = run(RingCommand::List).unwrap();
    let ids: Vec<&str> = listed.lines().filter_map(|line| line.split_once("  ")).map(|(id, _)| id).collect();
    assert_eq!((ids.len(), ids[0]), (2, ring.active_id().to_string().as_str()));
    run(RingCommand::Activate { id: ids[1].to_owned() }).unwrap();
    let listed = run(RingCommand::List).unwrap();
    assert!(listed.starts_with(&format!("{}  active", ids[1])), "{listed}");
    assert!(run(RingCommand::Activate { id: "0".repeat(16) }).is_err());
}

#[tokio::test]
async fn an_operator_resets_a_second_factor_and_checks_the_trail() {
    let rig = super::rig::Rig::new().await;
    let ada = rig.enrol(super::rig::ADA).await;
    let session = ada.first.text("access_token");
    let ask = async |command: Asked| {
        let mut out = Vec::new();
        let admin = Admin::open(settings(&rig.data, &[]), &mut out).await.unwrap();
        let done = match command {
            Asked::User(command) => admin.user(command).await,
            Asked::Audit(command) => admin.audit(command).await,
        };
        done.map(|()| String::from_utf8(out).unwrap())
    };
    let who = || "Ada@example.com".to_owned();
    let shown = ask(Asked::User(UserCommand::Show { who: who() })).await.unwrap();
    assert!(shown.contains("second factor          on") && shown.contains("backup codes left      10"), "{shown}");
    assert_eq!(ask(Asked::User(UserCommand::Unlock { who: who() })).await.unwrap(), "It was not locked.\n");
    let nobody = ask(Asked::User(UserCommand::Show { who: "eve@example.com".to_owned() })).await;
    assert!(matches!(nobody, Err(RunError::NoSuchAccount)));

    ask(Asked::User(UserCommand::ResetTwoFactor { who: who() })).await.unwrap();
    assert_eq!(rig.get("/api/v1/auth/me", Some(&session)).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(rig.login(super::rig::ADA, super::rig::PASSWORD).await.text("status"), "2fa_setup_required");

    let tail = ask(Asked::Audit(AuditCommand::Tail { who: who(), limit: 5 })).await.unwrap();
    assert!(tail.contains("\"192.0.2.1\""), "{tail}");
    assert!(ask(Asked::Audit(AuditCommand::Verify { who: Some(who()) })).await.is_ok());
    let all = ask(Asked::Audit(AuditCommand::Verify { who: None })).await.unwrap();
    assert_eq!(all, "1 trails checked, 0 not as they were written.\n");
}

enum Asked {
    User(UserCommand),
    Audit(AuditCommand),
}
