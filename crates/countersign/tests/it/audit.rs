use countersign::{Answer, Client, EventKind};

use crate::rig::{Enrolled, accepted, client, is_wrong};

#[tokio::test]
async fn every_outcome_leaves_its_event_in_order() {
    let ada = Enrolled::new().await;
    let used = ada.code(0);
    assert!(is_wrong(ada.sign_in(Answer::Code(&used)).await));
    assert!(is_wrong(ada.sign_in(Answer::Code(&ada.wrong())).await));
    let _ = accepted(ada.sign_in(Answer::Code(&ada.code(1))).await);
    let _ = accepted(ada.sign_in(Answer::BackupCode(&ada.codes[0])).await);
    let mut events = ada.rig.engine.events(&ada.rig.user, 100).await.unwrap();
    events.reverse();
    let kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
    let expected = [
        EventKind::EnrolmentBegun,
        EventKind::FactorAdded,
        EventKind::ChallengeOpened,
        EventKind::CodeReplayed,
        EventKind::ChallengeOpened,
        EventKind::CodeRefused,
        EventKind::ChallengeOpened,
        EventKind::CodeAccepted,
        EventKind::ChallengeOpened,
        EventKind::BackupCodeUsed,
    ];
    assert_eq!(kinds, expected.map(EventKind::as_str));
    assert!(events.iter().map(|event| event.sequence).eq(1..=10));
}

#[tokio::test]
async fn neither_codes_nor_secrets_nor_addresses_are_stored_plain() {
    let ada = Enrolled::new().await;
    let code = ada.code(1);
    let ticket = ada.ticket().await;
    let from = Client { address: Some("192.0.2.77".parse().unwrap()), request_id: Some("r-1"), ..client() };
    let _ = accepted(ada.rig.engine.verify(&ticket, Answer::Code(&code), &from).await.unwrap());
    let _ = accepted(ada.sign_in(Answer::BackupCode(&ada.codes[0])).await);
    let stored = ada.rig.store.load(&ada.rig.user).await.unwrap().unwrap();
    let mut kept = String::from_utf8(stored.record.body).unwrap();
    for event in ada.rig.engine.events(&ada.rig.user, 100).await.unwrap() {
        kept.push_str(&event.detail);
    }
    assert!(kept.contains("r-1"), "the trail is looked at");
    let bare = ada.codes[0].replace('-', "");
    for secret in [code.as_str(), ticket.as_str(), "192.0.2", &ada.codes[0], &bare, &ada.codes[1]] {
        assert!(!kept.contains(secret), "{secret} is stored plain");
    }
}
