use std::collections::BTreeSet;

use super::{CALLERS, Subject, record, save, user, version};
use crate::{Store, UserId};

/// Pages of any size join to all users, in byte order, and a walk goes on after one who is gone.
pub async fn users_page_in_order(subject: Subject) {
    let store = subject.handle(0);
    let mut wanted = BTreeSet::new();
    for number in 0..23_u64 {
        let id = user(&format!("user-{}", number * 7 % 23));
        save(&*store, &id, None, number, &[]).await;
        wanted.insert(id);
    }
    for limit in [1, 5, 23, 100] {
        assert_eq!(walk(&*store, limit).await, Vec::from_iter(wanted.clone()), "{limit} a page");
    }
    assert_eq!(store.users(None, 0).await.expect("users"), []);

    let gone = user("user-13");
    let _ = store.remove(&gone, version(&*store, &gone).await.expect("a record"), &[]).await.expect("remove");
    let rest: Vec<_> = wanted.into_iter().filter(|id| *id > gone).collect();
    assert_eq!(store.users(Some(&gone), 100).await.expect("users"), rest, "after a user who is gone");
}

/// While others come, go and change, a walk is in order, and who was there all the time comes up once.
pub async fn paging_while_others_write_misses_no_one(subject: Subject) {
    let store = subject.handle(0);
    let lasting: Vec<_> = (0..40).map(|number| user(&format!("user-{number:02}-lasting"))).collect();
    for (number, id) in (0..).zip(&lasting) {
        save(&*store, id, None, number, &[]).await;
    }
    let walks = subject.race(CALLERS, |number, store| {
        let lasting = lasting.clone();
        async move {
            if number % 4 == 0 {
                return Some(walk(&*store, 7).await);
            }
            let passing = user(&format!("user-{number:02}-passing"));
            for turn in 0..5 {
                let first = save(&*store, &passing, None, turn, &[]).await;
                let id = &lasting[(number + 8) % 40];
                let present = version(&*store, id).await;
                let _ = store.save(id, present, &record(turn), &[]).await.expect("save");
                let _ = store.remove(&passing, first, &[]).await.expect("remove");
            }
            None
        }
    });
    for found in walks.await.into_iter().flatten() {
        assert!(found.is_sorted_by(|one, two| one < two), "out of order, or twice");
        let there: BTreeSet<_> = found.into_iter().collect();
        let missed: Vec<_> = lasting.iter().filter(|id| !there.contains(*id)).collect();
        assert!(missed.is_empty(), "missed {missed:?}");
    }
}

async fn walk(store: &dyn Store, limit: usize) -> Vec<UserId> {
    let mut found: Vec<UserId> = Vec::new();
    loop {
        let page = store.users(found.last(), limit).await.expect("users");
        assert!(page.len() <= limit, "more than asked for");
        if page.is_empty() {
            return found;
        }
        found.extend(page);
    }
}
