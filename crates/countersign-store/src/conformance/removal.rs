use super::{CALLERS, ROUNDS, Subject, all_events, event, record, save, user, version};
use crate::{Removed, Saved, Version};

/// Of callers who remove and callers who save, all naming one version, one wins.
pub async fn one_removal_wins(subject: Subject) {
    let (store, alice) = (subject.handle(0), user("alice"));
    for round in 1..=ROUNDS {
        let present = version(&*store, &alice).await;
        let next = event(all_events(&*store, alice.clone()).await.len() as u64 + 1, round);
        let first = save(&*store, &alice, present, round, &[next]).await;
        let said = subject.race(CALLERS, |number, store| {
            let alice = alice.clone();
            async move {
                if number % 2 == 0 {
                    let removed = store.remove(&alice, first, &[]).await.expect("remove");
                    (removed == Removed::Done).then_some(None)
                } else {
                    match store.save(&alice, Some(first), &record(round + 100), &[]).await.expect("save") {
                        Saved::Stored(version) => Some(Some(version)),
                        Saved::Conflict => None,
                    }
                }
            }
        });
        let winners: Vec<Option<Version>> = said.await.into_iter().flatten().collect();
        assert_eq!(winners.len(), 1, "round {round}: {winners:?}");
        assert_eq!(version(&*store, &alice).await, winners[0], "another outcome than the winner's");
    }
}

/// After a removal there is no record and no user, its own events and those before it are there, and the next life goes
/// on in the same chain.
pub async fn a_removed_record_is_gone_and_its_audit_stays(subject: Subject) {
    let (store, alice, nobody) = (subject.handle(0), user("alice"), user("nobody"));
    let first = save(&*store, &alice, None, 1, &[event(1, 1)]).await;
    let second = save(&*store, &alice, Some(first), 2, &[event(2, 2)]).await;
    assert_eq!(store.remove(&alice, first, &[event(3, 9)]).await.expect("remove"), Removed::Conflict);
    assert_eq!(store.remove(&nobody, first, &[event(1, 9)]).await.expect("remove"), Removed::Conflict);
    assert_eq!(version(&*store, &alice).await, Some(second));

    assert_eq!(store.remove(&alice, second, &[event(3, 3)]).await.expect("remove"), Removed::Done);
    assert_eq!(version(&*store, &alice).await, None);
    assert_eq!(store.users(None, 10).await.expect("users"), []);
    assert_eq!(store.remove(&alice, second, &[]).await.expect("remove"), Removed::Conflict);
    let third = save(&*store, &alice, None, 4, &[event(4, 4)]).await;
    assert!(third > second);
    assert_eq!(all_events(&*store, alice).await, [event(1, 1), event(2, 2), event(3, 3), event(4, 4)]);
    assert_eq!(all_events(&*store, nobody).await, []);
}
