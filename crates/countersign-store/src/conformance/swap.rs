use super::{CALLERS, ROUNDS, Subject, all_events, event, mark, record, save, user, version};
use crate::{Saved, Version};

/// Eight rounds of thirty-two saves let go together: one winner a round, and its record is the one that stays.
pub async fn one_save_wins(subject: Subject) {
    let (store, alice) = (subject.handle(0), user("alice"));
    let mut last = save(&*store, &alice, None, 0, &[]).await;
    for round in 1..=ROUNDS {
        last = one_winner(&subject, Some(last), round).await;
    }
}

/// The same where there is no record yet: a fresh user each round.
pub async fn one_first_save_wins(subject: Subject) {
    for round in 1..=ROUNDS {
        one_winner_of(&subject, &format!("user-{round}"), None, round).await;
    }
}

/// Callers who load, add one and save until it is stored: every one of them counts.
pub async fn no_update_is_lost(subject: Subject) {
    const EACH: u64 = 4;
    let (store, alice) = (subject.handle(0), user("alice"));
    save(&*store, &alice, None, 0, &[]).await;
    let done = subject.race(CALLERS, |_, store| {
        let alice = alice.clone();
        async move {
            for _ in 0..EACH {
                for turn in 0.. {
                    // A conflict is another's save, and there are only so many.
                    assert!(turn <= CALLERS as u64 * EACH, "conflicts without end");
                    let stored = store.load(&alice).await.expect("load").expect("a record");
                    let next = record(mark(&stored.record) + 1);
                    match store.save(&alice, Some(stored.version), &next, &[]).await.expect("save") {
                        Saved::Stored(version) if version > stored.version => break,
                        Saved::Stored(version) => panic!("{version:?} does not follow {:?}", stored.version),
                        Saved::Conflict => tokio::task::yield_now().await,
                    }
                }
            }
        }
    });
    done.await;
    let stored = store.load(&alice).await.expect("load").expect("a record");
    assert_eq!(mark(&stored.record), CALLERS as u64 * EACH, "updates were lost");
}

/// A version that is not the present one, a record where none is expected, none where one is: conflict, and nothing
/// changes.
pub async fn a_wrong_version_changes_nothing(subject: Subject) {
    let (store, alice, nobody) = (subject.handle(0), user("alice"), user("nobody"));
    let first = save(&*store, &alice, None, 1, &[event(1, 1)]).await;
    let second = save(&*store, &alice, Some(first), 2, &[event(2, 2)]).await;
    let ahead = Version::new(second.get() + 1);
    for (who, expected) in [(&alice, Some(first)), (&alice, None), (&alice, Some(ahead)), (&nobody, Some(first))] {
        let saved = store.save(who, expected, &record(9), &[event(3, 9)]).await.expect("save");
        assert_eq!(saved, Saved::Conflict, "{who} expected {expected:?}");
    }
    let stored = store.load(&alice).await.expect("load").expect("a record");
    assert_eq!((mark(&stored.record), stored.version), (2, second));
    assert_eq!(version(&*store, &nobody).await, None);
    assert_eq!(all_events(&*store, alice).await, [event(1, 1), event(2, 2)]);
    assert_eq!(all_events(&*store, nobody).await, []);
}

/// Each save has a higher version than any before, through removals too.
pub async fn versions_only_grow(subject: Subject) {
    let (store, alice) = (subject.handle(0), user("alice"));
    let mut highest = None;
    for turn in 1..=5 {
        let first = save(&*store, &alice, None, turn, &[]).await;
        let second = save(&*store, &alice, Some(first), turn + 10, &[]).await;
        assert!(Some(first) > highest && second > first, "{first:?} or {second:?} after {highest:?}");
        highest = Some(second);
        let _ = store.remove(&alice, second, &[]).await.expect("remove");
        let stale = store.save(&alice, Some(second), &record(99), &[]).await.expect("save");
        assert_eq!(stale, Saved::Conflict, "a version from before the removal was taken");
    }
}

async fn one_winner(subject: &Subject, expected: Option<Version>, round: u64) -> Version {
    one_winner_of(subject, "alice", expected, round).await
}

async fn one_winner_of(subject: &Subject, id: &str, expected: Option<Version>, round: u64) -> Version {
    let who = user(id);
    let saves = subject.race(CALLERS, |number, store| {
        let who = who.clone();
        async move {
            let mark = round * 1000 + number as u64;
            (mark, store.save(&who, expected, &record(mark), &[]).await.expect("save"))
        }
    });
    let winners: Vec<_> = saves
        .await
        .into_iter()
        .filter_map(|(mark, saved)| match saved {
            Saved::Stored(version) => Some((mark, version)),
            Saved::Conflict => None,
        })
        .collect();
    let [(winner, version)] = winners[..] else { panic!("round {round}: {} saves won", winners.len()) };
    assert!(Some(version) > expected, "{version:?} does not follow {expected:?}");
    for handle in 0..2 {
        let stored = subject.handle(handle).load(&who).await.expect("load").expect("a record");
        assert_eq!((mark(&stored.record), stored.version), (winner, version), "another record than the winner's");
    }
    version
}
