use countersign_sqlx::Statement;
use serde_json::json;

use super::rig::{ADA, Rig};
use crate::{admin::Admin, run_error::RunError, settings::AuditCommand};

async fn ask(rig: &Rig, command: AuditCommand) -> Result<String, (RunError, String)> {
    let mut out = Vec::new();
    let done = Admin::of(rig.house().await, &mut out).unwrap().audit(command).await;
    let said = String::from_utf8(out).unwrap();
    done.map(|()| said.clone()).map_err(|error| (error, said))
}

fn prune(older_than: Option<&str>, rehearse: bool) -> AuditCommand {
    AuditCommand::Prune { who: None, older_than: older_than.map(str::to_owned), rehearse }
}

const DAY: u64 = 24 * 60 * 60;

#[tokio::test]
async fn old_events_go_when_told_after_a_rehearsal_and_the_rest_stays_provable() {
    let rig = Rig::new().await;
    let ada = rig.enrol(ADA).await;
    rig.enrol("grace@example.com").await;
    rig.wait(365 * DAY);
    rig.sign_in(ADA, &ada.phone).await;
    for _ in 0..2 {
        let said = ask(&rig, prune(None, true)).await.unwrap();
        assert_eq!(said, "2 trails looked at: 4 events older than 365d would be let go of.\n");
    }
    let one = AuditCommand::Prune { who: Some(ADA.to_owned()), older_than: None, rehearse: false };
    assert_eq!(ask(&rig, one).await.unwrap(), "1 trails looked at: 2 events older than 365d are gone.\n");
    assert_eq!(
        ask(&rig, prune(None, false)).await.unwrap(),
        "2 trails looked at: 2 events older than 365d are gone.\n"
    );
    assert_eq!(
        ask(&rig, prune(None, true)).await.unwrap(),
        "1 trails looked at: 0 events older than 365d would be let go of.\n"
    );
    let verified = ask(&rig, AuditCommand::Verify { who: None }).await.unwrap();
    assert_eq!(verified, "1 trails checked, 0 not as they were written.\n");
    // What is left is one chain with what follows.
    let session = rig.sign_in(ADA, &ada.phone).await.text("access_token");
    let events = rig.get("/api/v1/2fa/events", Some(&session)).await;
    let numbers: Vec<_> = events.body["events"].as_array().unwrap().iter().map(|event| &event["sequence"]).collect();
    assert_eq!(numbers, [&json!(6), &json!(5), &json!(4), &json!(3)]);
    assert!(ask(&rig, AuditCommand::Verify { who: Some(ADA.to_owned()) }).await.is_ok());
}

#[tokio::test]
async fn a_trail_that_was_altered_is_left_alone_and_told_of() {
    let rig = Rig::new().await;
    rig.enrol(ADA).await;
    rig.enrol("grace@example.com").await;
    let alter = Statement::new(
        "UPDATE countersign_audit SET detail = '{}' WHERE sequence = 1 AND chain = (SELECT min(chain) FROM countersign_audit)",
    );
    assert!(rig.house().await.database.write(vec![alter]).await.unwrap().is_done());
    rig.wait(10);
    for rehearse in [true, false] {
        let (error, said) = ask(&rig, prune(Some("5s"), rehearse)).await.unwrap_err();
        assert!(matches!(error, RunError::AuditFault(1)), "{error}");
        assert!(said.starts_with("2 trails looked at: 2 events older than 5s "), "{said}");
        assert!(said.contains(": not as it was written, left alone; see `audit verify`\n"), "{said}");
    }
    let (_, said) = ask(&rig, AuditCommand::Verify { who: None }).await.unwrap_err();
    assert!(said.contains("1 trails checked, 1 not as they were written"), "{said}");
}

#[tokio::test]
async fn without_a_retention_it_has_to_be_said_how_old() {
    let rig = Rig::with(&["--audit-retention", "off"]).await;
    let (error, _) = ask(&rig, prune(None, true)).await.unwrap_err();
    assert_eq!(error.exit_code(), 2);
    assert_eq!(error.sentence(), "COUNTERSIGN_AUDIT_RETENTION is off; say --older-than and how old.");
    let (error, _) = ask(&rig, prune(Some("long"), true)).await.unwrap_err();
    assert_eq!((error.exit_code(), error.sentence().as_str()), (2, "--older-than is \"long\", no age such as 90d."));
    assert!(ask(&rig, prune(Some("1d"), true)).await.is_ok());
}
