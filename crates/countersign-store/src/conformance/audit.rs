use super::{CALLERS, ROUNDS, Subject, all_events, event, mark, record, save, user};
use crate::{AuditQuery, Chain, InstanceId, Order, Saved, StoreError};

/// In every round the events of the winner are there, in order, and no one else's; and whoever sees a record sees its
/// events.
pub async fn events_come_with_their_save(subject: Subject) {
    let (store, alice) = (subject.handle(0), user("alice"));
    let mut last = save(&*store, &alice, None, 0, &[]).await;
    let mut wanted = Vec::new();
    for round in 0..ROUNDS {
        let next = round * 3;
        let said = subject.race(CALLERS, |number, store| {
            let alice = alice.clone();
            async move {
                let mark = (round + 1) * 1000 + number as u64;
                let events = [event(next + 1, mark), event(next + 2, mark), event(next + 3, mark)];
                if number % 8 == 7 {
                    // A reader: what it loads, it finds the events of.
                    let stored = store.load(&alice).await.expect("load").expect("a record");
                    let newest = store.audit(&AuditQuery::newest(alice, 3)).await.expect("audit");
                    let seen = super::mark(&stored.record);
                    let first =
                        stored.version == last || newest.first().is_some_and(|event| event.at.as_millis() >= seen);
                    assert!(first, "a record is seen before its events");
                    return None;
                }
                match store.save(&alice, Some(last), &record(mark), &events).await.expect("save") {
                    Saved::Stored(version) => Some((version, events)),
                    Saved::Conflict => None,
                }
            }
        });
        let mut winners: Vec<_> = said.await.into_iter().flatten().collect();
        assert_eq!(winners.len(), 1, "round {round}: winners");
        let (version, events) = winners.remove(0);
        wanted.extend(events);
        last = version;
        assert_eq!(all_events(&*subject.handle(1), alice.clone()).await, wanted, "round {round}");
    }
    assert_eq!(mark(&store.load(&alice).await.expect("load").expect("a record").record) / 1000, ROUNDS);
}

/// An event whose place is taken makes the whole save fail: record, version and the other events stay as they were.
pub async fn a_taken_sequence_number_saves_nothing(subject: Subject) {
    let (store, alice) = (subject.handle(0), user("alice"));
    let first = save(&*store, &alice, None, 1, &[event(1, 1), event(2, 1)]).await;
    let again = store.save(&alice, Some(first), &record(2), &[event(2, 2), event(3, 2)]).await;
    assert!(matches!(again, Err(StoreError::Corrupt(_))), "{again:?}");
    let stored = store.load(&alice).await.expect("load").expect("a record");
    assert_eq!((mark(&stored.record), stored.version), (1, first));
    assert_eq!(all_events(&*store, alice.clone()).await, [event(1, 1), event(2, 1)]);
    let removed = store.remove(&alice, first, &[event(1, 3)]).await;
    assert!(matches!(removed, Err(StoreError::Corrupt(_))), "{removed:?}");
    let next = save(&*store, &alice, Some(first), 3, &[event(3, 3)]).await;
    assert!(next > first);
}

/// Pages of any size, from either end, join to the whole chain, and no other user's events are among them.
pub async fn the_audit_pages_both_ways(subject: Subject) {
    let (store, alice) = (subject.handle(0), user("alice"));
    let all: Vec<_> = (1..=23).map(|sequence| event(sequence, sequence)).collect();
    save(&*store, &alice, None, 1, &all).await;
    save(&*store, &user("alice2"), None, 1, &[event(1, 77)]).await;
    save(&*store, &user("alic"), None, 1, &[event(1, 78)]).await;
    for limit in [1, 7, 23, 50] {
        for order in [Order::OldestFirst, Order::NewestFirst] {
            let mut query = AuditQuery { chain: alice.clone().into(), after: None, limit, order };
            let mut found = Vec::new();
            loop {
                let page = store.audit(&query).await.expect("audit");
                assert!(page.len() <= limit);
                let Some(last) = page.last() else { break };
                query = query.after(last.sequence);
                found.extend(page);
            }
            if order == Order::NewestFirst {
                found.reverse();
            }
            assert_eq!(found, all, "{limit} a page, {order:?}");
        }
    }
    assert_eq!(store.audit(&AuditQuery::oldest(alice.clone(), 0)).await.expect("audit"), []);
    assert_eq!(store.audit(&AuditQuery::oldest(alice, 5).after(23)).await.expect("audit"), []);
}

/// Events without a user go into the chain of the instance that wrote them, all or none, even if a user has its name.
pub async fn instances_have_chains_of_their_own(subject: Subject) {
    let store = subject.handle(0);
    let (one, two) = (instance("one"), instance("two"));
    save(&*store, &user("one"), None, 1, &[event(1, 50)]).await;
    store.append(&one, &[event(1, 1), event(2, 1)]).await.expect("append");
    store.append(&two, &[event(1, 2)]).await.expect("append");
    store.append(&one, &[]).await.expect("append nothing");
    let again = store.append(&one, &[event(3, 3), event(4, 3)]).await;
    again.expect("append");
    let taken = store.append(&two, &[event(1, 4), event(2, 4)]).await;
    assert!(matches!(taken, Err(StoreError::Corrupt(_))), "{taken:?}");
    assert_eq!(all_events(&*store, one).await, [event(1, 1), event(2, 1), event(3, 3), event(4, 3)]);
    assert_eq!(all_events(&*store, two).await, [event(1, 2)]);
    assert_eq!(all_events(&*store, user("one")).await, [event(1, 50)]);
}

/// Instances before users, each in byte order, removed users among them.
pub async fn chains_page_in_order(subject: Subject) {
    let store = subject.handle(0);
    for id in ["b", "a", "Z", "ä", "a/b"] {
        let first = save(&*store, &user(id), None, 1, &[event(1, 1)]).await;
        if id == "b" {
            let _ = store.remove(&user(id), first, &[]).await.expect("remove");
        }
        store.append(&instance(id), &[event(1, 1), event(2, 1)]).await.expect("append");
    }
    save(&*store, &user("silent"), None, 1, &[]).await;
    let ids = ["Z", "a", "a/b", "b", "ä"];
    let instances = ids.iter().map(|id| Chain::Instance(instance(id)));
    let wanted: Vec<_> = instances.chain(ids.iter().map(|id| Chain::User(user(id)))).collect();
    for limit in [1, 3, 20] {
        let mut found: Vec<Chain> = Vec::new();
        loop {
            let page = store.chains(found.last(), limit).await.expect("chains");
            assert!(page.len() <= limit);
            if page.is_empty() {
                break;
            }
            found.extend(page);
        }
        assert_eq!(found, wanted, "{limit} a page");
    }
}

/// Pruning deletes up to the event named, of that chain alone, and says how many until there are none.
pub async fn pruning_takes_the_oldest(subject: Subject) {
    let (store, alice, bob) = (subject.handle(0), user("alice"), user("bob"));
    let all: Vec<_> = (1..=9).map(|sequence| event(sequence, sequence)).collect();
    save(&*store, &alice, None, 1, &all).await;
    save(&*store, &bob, None, 1, &all).await;
    let chain = Chain::User(alice.clone());
    let mut gone = 0;
    loop {
        match store.prune(&chain, 6).await.expect("prune") {
            0 => break,
            some => gone += some,
        }
    }
    assert_eq!(gone, 6);
    assert_eq!(all_events(&*store, alice).await, all[6..]);
    assert_eq!(all_events(&*store, bob).await, all);
}

fn instance(id: &str) -> InstanceId {
    InstanceId::new(id).expect("an instance id")
}
