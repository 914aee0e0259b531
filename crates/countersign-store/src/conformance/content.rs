use countersign_clock::Timestamp;

use super::{CALLERS, ROUNDS, Subject, all_events, event, mark, record, save, user, version};
use crate::{AuditEvent, Record, SaveId, Saved, StoreError};

/// A user who was never saved has no record, no events and no place among the users.
pub async fn absence_is_an_answer(subject: Subject) {
    let store = subject.handle(0);
    assert_eq!(store.load(&user("nobody")).await.expect("load"), None);
    assert_eq!(store.users(None, 10).await.expect("users"), []);
    assert_eq!(all_events(&*store, user("nobody")).await, []);
    assert_eq!(store.chains(None, 10).await.expect("chains"), []);
}

/// Every field comes back as it was given, at the ends of its range too.
pub async fn a_saved_record_reads_back(subject: Subject) {
    let (store, alice) = (subject.handle(0), user("alice"));
    let last = Timestamp::from_millis(i64::MAX as u64);
    let plain = Record {
        body: b"{}".to_vec(),
        save_id: SaveId::new([0; 16]),
        enabled: false,
        locked_until: None,
        updated_at: Timestamp::default(),
    };
    let full = Record {
        body: vec![0, 255, 1],
        save_id: SaveId::new([255; 16]),
        enabled: true,
        locked_until: Some(last),
        updated_at: last,
    };
    let start = Record { locked_until: Some(Timestamp::default()), ..plain.clone() };
    let mut expected = None;
    for wanted in [&plain, &full, &start, &plain] {
        let Saved::Stored(version) = store.save(&alice, expected, wanted, &[]).await.expect("save") else {
            panic!("conflict with nobody else there")
        };
        let stored = store.load(&alice).await.expect("load").expect("a record");
        assert_eq!((&stored.record, stored.version), (wanted, version));
        expected = Some(version);
    }
    let odd = AuditEvent {
        sequence: 1,
        at: last,
        kind: "k".repeat(AuditEvent::MAX_KIND),
        detail: "'\"\\ \n\t {\"ä\":\"\\u0000 🗝\"} %_;--".to_owned(),
        key_id: "ключ".to_owned(),
        mac: [255; 32],
    };
    let long = AuditEvent { sequence: 2, detail: "x".repeat(AuditEvent::MAX_DETAIL), ..odd.clone() };
    let empty = AuditEvent { sequence: 3, detail: String::new(), ..odd.clone() };
    save(&*store, &alice, expected, 1, &[odd.clone(), long.clone(), empty.clone()]).await;
    assert_eq!(all_events(&*store, alice).await, [odd, long, empty]);
}

/// Bodies of no byte, of every byte, and of 64 KiB.
pub async fn any_body_up_to_the_bound_reads_back(subject: Subject) {
    let (store, alice) = (subject.handle(0), user("alice"));
    let every: Vec<u8> = (0..=255).collect();
    let noise = (0..Record::MAX_BODY as u64).map(|place| (place.wrapping_mul(0x9e37_79b9) >> 13).to_le_bytes()[0]);
    let bodies = [Vec::new(), every, vec![0; Record::MAX_BODY], noise.collect()];
    let mut expected = None;
    for body in bodies {
        let wanted = Record { body, ..record(1) };
        let Saved::Stored(version) = store.save(&alice, expected, &wanted, &[]).await.expect("save") else {
            panic!("conflict with nobody else there")
        };
        let stored = store.load(&alice).await.expect("load").expect("a record");
        assert!(
            stored.record == wanted,
            "a body of {} bytes came back as {}",
            wanted.body.len(),
            stored.record.body.len()
        );
        expected = Some(version);
    }
}

/// One byte too much, a sequence with a gap, a time out of range: refused with nothing changed.
pub async fn what_is_out_of_bounds_is_refused(subject: Subject) {
    let (store, alice) = (subject.handle(0), user("alice"));
    let large = Record { body: vec![1; Record::MAX_BODY + 1], ..record(1) };
    let late = Record { updated_at: Timestamp::from_millis(u64::MAX), ..record(1) };
    for record in [large, late] {
        let saved = store.save(&alice, None, &record, &[]).await;
        assert!(matches!(saved, Err(StoreError::TooLarge(_) | StoreError::Invalid(_))), "{saved:?}");
    }
    let saved = store.save(&alice, None, &record(1), &[event(1, 1), event(3, 1)]).await;
    assert!(matches!(saved, Err(StoreError::Invalid(_))), "{saved:?}");
    assert_eq!(version(&*store, &alice).await, None);
    assert_eq!(all_events(&*store, alice).await, []);
}

/// Ids that a careless backend folds, trims, cuts or takes for SQL are users of their own.
pub async fn odd_user_ids_are_different_users(subject: Subject) {
    let store = subject.handle(0);
    let long = "x".repeat(127);
    let ids = [
        "alice",
        "Alice",
        "alice ",
        " alice",
        "ALICE",
        "al\u{ed}ce",
        "ali\u{301}ce",
        "al%",
        "al_ce",
        "'; DROP TABLE countersign_records; --",
        "\"",
        "\\",
        "$1",
        "?",
        "0",
        "00",
        "1e0",
        "null",
        "\u{202e}ecila",
        "\u{200b}",
        "straße",
        "strasse",
        "🗝",
        "i/alice",
        "u/alice",
        &format!("{long}a"),
        &format!("{long}b"),
    ];
    for (number, id) in (1..).zip(ids) {
        save(&*store, &user(id), None, number, &[event(1, number)]).await;
    }
    for (number, id) in (1..).zip(ids) {
        let stored = store.load(&user(id)).await.expect("load").expect("a record");
        assert_eq!(mark(&stored.record), number, "{id:?} has another's record");
        assert_eq!(all_events(&*store, user(id)).await, [event(1, number)], "{id:?}");
    }
    let mut wanted: Vec<_> = ids.into_iter().map(user).collect();
    wanted.sort();
    assert_eq!(store.users(None, 100).await.expect("users"), wanted);
}

/// What was answered is there for whoever asks next, through every handle: no answer before the commit.
pub async fn an_answered_save_is_seen_by_all(subject: Subject) {
    for round in 0..ROUNDS * 4 {
        let id = format!("user-{round}");
        let first = save(&*subject.handle(0), &user(&id), None, round, &[event(1, round)]).await;
        for handle in 0..2 {
            let store = subject.handle(handle);
            assert_eq!(version(&*store, &user(&id)).await, Some(first), "a save was answered before it was there");
            assert_eq!(all_events(&*store, user(&id)).await.len(), 1, "a save was answered before its event was there");
        }
    }
}

/// Readers beside writers: every load gives one save as a whole, and versions never go back.
pub async fn a_load_is_never_torn(subject: Subject) {
    let (store, alice) = (subject.handle(0), user("alice"));
    save(&*store, &alice, None, 0, &[]).await;
    let done = subject.race(CALLERS, |number, store| {
        let alice = alice.clone();
        async move {
            let mut last = None;
            for turn in 0..20 {
                let stored = store.load(&alice).await.expect("load").expect("a record");
                mark(&stored.record);
                assert!(Some(stored.version) >= last, "an older version came after a newer one");
                last = Some(stored.version);
                if number % 4 == 0 {
                    let next = record(number as u64 * 1000 + turn);
                    let _ = store.save(&alice, Some(stored.version), &next, &[]).await.expect("save");
                }
            }
        }
    });
    done.await;
}
