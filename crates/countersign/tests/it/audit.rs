use std::sync::Arc;

use countersign::{
    Answer, Client, Error, EventKind, TrailFault, TrailReport,
    clock::{Clock, Timestamp},
    store::{AuditQuery, Saved, Store, Stored, UserId},
};

use crate::faulty::{Faulty, Tamper};
use crate::rig::{Enrolled, Rig, accepted, client, is_wrong, policy};

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

/// A trail of some length, and the store under it.
async fn trail() -> (Arc<Faulty>, Enrolled) {
    let store = Arc::new(Faulty::default());
    let ada = Rig::on(policy(), Arc::clone(&store) as Arc<dyn Store>).enrol().await;
    for _ in 0..4 {
        assert!(is_wrong(ada.sign_in(Answer::Code(&ada.wrong())).await));
    }
    (store, ada)
}

async fn report(ada: &Enrolled) -> TrailReport {
    ada.rig.engine.verify_trail(&ada.rig.user).await.unwrap()
}

#[tokio::test]
async fn an_untouched_trail_is_whole() {
    let (_, ada) = trail().await;
    assert_eq!(report(&ada).await, TrailReport { events: 10, fault: None });
}

#[tokio::test]
async fn whatever_is_done_to_one_event_shows() {
    let (store, ada) = trail().await;
    let faults: [(Tamper, TrailFault); 8] = [
        (|events| drop(events.remove(0)), TrailFault::Missing { sequence: 1 }),
        (|events| drop(events.remove(4)), TrailFault::Missing { sequence: 5 }),
        (|events| drop(events.pop()), TrailFault::Missing { sequence: 10 }),
        (|events| events.clear(), TrailFault::Missing { sequence: 1 }),
        (|events| events[2].kind = "code_accepted".to_owned(), TrailFault::Altered { sequence: 3 }),
        (|events| events[9].at = Timestamp::from_secs(1), TrailFault::Altered { sequence: 10 }),
        (
            |events| {
                events.swap(3, 5);
                (events[3].sequence, events[5].sequence) = (4, 6);
            },
            TrailFault::Altered { sequence: 4 },
        ),
        (|events| events[0].key_id = "00000000".to_owned(), TrailFault::UnknownKey { sequence: 1 }),
    ];
    for (n, (tamper, fault)) in faults.into_iter().enumerate() {
        *store.tamper.lock().unwrap() = Some(tamper);
        assert_eq!(report(&ada).await.fault, Some(fault), "tampering {n}");
    }
    *store.tamper.lock().unwrap() = None;
    assert_eq!(report(&ada).await.fault, None);
}

#[tokio::test]
async fn what_retention_leaves_is_still_provable() {
    let (store, ada) = trail().await;
    ada.rig.wait(1000);
    let _ = accepted(ada.sign_in(Answer::Code(&ada.code(0))).await);
    let before = ada.rig.clock.now().unwrap();
    assert_eq!(ada.rig.engine.rehearse_prune_trail(&ada.rig.user, before).await.unwrap(), 10);
    assert_eq!(report(&ada).await, TrailReport { events: 12, fault: None }, "a rehearsal writes nothing");
    assert_eq!(ada.rig.engine.prune_trail(&ada.rig.user, before).await.unwrap(), 10);
    assert_eq!(report(&ada).await, TrailReport { events: 2, fault: None });
    assert_eq!(ada.rig.engine.prune_trail(&ada.rig.user, before).await.unwrap(), 0);
    *store.tamper.lock().unwrap() = Some(|events| drop(events.remove(0)));
    assert_eq!(report(&ada).await.fault, Some(TrailFault::Missing { sequence: 11 }));
}

#[tokio::test]
async fn retention_touches_no_trail_that_was_altered_and_makes_no_record() {
    let (store, ada) = trail().await;
    let (engine, user) = (&ada.rig.engine, &ada.rig.user);
    ada.rig.wait(1000);
    let before = ada.rig.clock.now().unwrap();
    *store.tamper.lock().unwrap() = Some(|events| events[0].detail.push(' '));
    assert!(matches!(engine.rehearse_prune_trail(user, before).await, Err(Error::Unreadable)));
    assert!(matches!(engine.prune_trail(user, before).await, Err(Error::Unreadable)));
    *store.tamper.lock().unwrap() = None;
    assert_eq!(report(&ada).await, TrailReport { events: 10, fault: None });

    let version = ada.rig.store.load(user).await.unwrap().unwrap().version;
    let _ = ada.rig.store.remove(user, version, &[]).await.unwrap();
    assert_eq!(engine.rehearse_prune_trail(user, before).await.unwrap(), 0);
    assert_eq!(engine.prune_trail(user, before).await.unwrap(), 0);
    assert!(ada.rig.store.load(user).await.unwrap().is_none());
    assert_eq!(engine.events(user, 50).await.unwrap().len(), 10);
}

#[tokio::test]
async fn events_that_a_process_let_go_of_and_left_go_the_next_time() {
    let (_, ada) = trail().await;
    ada.rig.wait(20);
    assert!(is_wrong(ada.sign_in(Answer::Code(&ada.wrong())).await));
    ada.rig.wait(1000);
    let _ = accepted(ada.sign_in(Answer::Code(&ada.code(0))).await);
    let (engine, user, before) = (&ada.rig.engine, &ada.rig.user, ada.rig.clock.now().unwrap());
    // What is older than now but the record has let go of is put back, as if it had never been deleted.
    let all = ada.rig.store.audit(&AuditQuery::oldest(user.clone(), 50)).await.unwrap();
    assert_eq!(engine.prune_trail(user, before).await.unwrap(), 13);
    let Stored { version, record } = ada.rig.store.load(user).await.unwrap().unwrap();
    let again: Vec<_> = all.iter().filter(|event| event.sequence <= 13).cloned().collect();
    let saved = ada.rig.store.save(user, Some(version), &record, &again).await.unwrap();
    assert!(matches!(saved, Saved::Stored(_)));
    // Even if events were to be kept for longer by now.
    let first = Timestamp::from_millis(all[9].at.as_millis() + 1);
    assert!(all[12].at > first);
    assert_eq!(engine.rehearse_prune_trail(user, first).await.unwrap(), 13);
    assert_eq!(engine.prune_trail(user, first).await.unwrap(), 13);
    assert_eq!(report(&ada).await, TrailReport { events: 2, fault: None });
}

#[tokio::test]
async fn a_record_made_anew_goes_on_in_the_same_trail() {
    let (_, ada) = trail().await;
    let version = ada.rig.store.load(&ada.rig.user).await.unwrap().unwrap().version;
    let _ = ada.rig.store.remove(&ada.rig.user, version, &[]).await.unwrap();
    assert!(matches!(ada.rig.engine.reset(&ada.rig.user).await.unwrap(), countersign::Change::Done { .. }));
    assert_eq!(report(&ada).await, TrailReport { events: 11, fault: None });
}

#[tokio::test]
async fn a_new_device_is_noted_for_whoever_has_a_record_and_changes_nothing_else() {
    let ada = Enrolled::new().await;
    let (user, from) = (&ada.rig.user, Client { address: Some("192.0.2.77".parse().unwrap()), ..client() });
    let before = ada.rig.engine.epoch(user).await.unwrap();
    assert!(ada.rig.engine.record_new_device(user, &from).await.unwrap());
    let newest = ada.rig.engine.events(user, 1).await.unwrap().pop().unwrap();
    assert_eq!((newest.sequence, newest.kind.as_str()), (3, "new_device"));
    assert!(newest.detail.contains("address") && !newest.detail.contains("192.0.2"), "{}", newest.detail);
    assert!(EventKind::NewDevice.concerns_owner());
    assert_eq!(ada.rig.engine.epoch(user).await.unwrap(), before);
    assert_eq!(report(&ada).await, TrailReport { events: 3, fault: None });

    let nobody = UserId::new("nobody").unwrap();
    assert!(!ada.rig.engine.record_new_device(&nobody, &from).await.unwrap());
    assert!(ada.rig.store.load(&nobody).await.unwrap().is_none());
    assert!(ada.rig.engine.events(&nobody, 1).await.unwrap().is_empty());
}
