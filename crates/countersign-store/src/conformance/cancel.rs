use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

use super::{Subject, all_events, event, mark, record, save, user};
use crate::{Saved, Store, UserId};

/// A save whose caller went away at any point happened with its events or not at all, and the store goes on working.
pub async fn a_dropped_save_leaves_all_or_nothing(subject: Subject) {
    let (store, alice) = (subject.handle(0), user("alice"));
    save(&*store, &alice, None, 0, &[]).await;
    for polls in 0..40 {
        let stored = store.load(&alice).await.expect("load").expect("a record");
        // The record counts the saves, and each save has one event: they must agree at every moment.
        let next = mark(&stored.record) + 1;
        let (changed, events) = (record(next), [event(next, next)]);
        poll_some(store.save(&alice, Some(stored.version), &changed, &events), polls).await;
        // One that is kept, after it or before it, so that the next turn starts from settled ground.
        settle(&*subject.handle(1), &alice).await;
        let stored = store.load(&alice).await.expect("load").expect("a record");
        let events = all_events(&*store, alice.clone()).await;
        let numbers: Vec<_> = events.iter().map(|event| event.sequence).collect();
        assert_eq!(numbers, Vec::from_iter(1..=mark(&stored.record)), "dropped after {polls} polls");
    }
}

/// Saves until it is stored. The dropped save may still come in between: then this one meets a conflict.
async fn settle(store: &dyn Store, who: &UserId) {
    for _ in 0..10 {
        let stored = store.load(who).await.expect("load").expect("a record");
        let next = mark(&stored.record) + 1;
        let saved = store.save(who, Some(stored.version), &record(next), &[event(next, next)]).await.expect("save");
        if let Saved::Stored(_) = saved {
            return;
        }
    }
    panic!("conflicts without end");
}

/// Polls `work` up to `polls` times, letting others run between, and drops it.
async fn poll_some(work: impl Future, polls: usize) {
    let mut work = pin!(work);
    for _ in 0..polls {
        if poll_fn(|context| Poll::Ready(work.as_mut().poll(context).is_ready())).await {
            return;
        }
        tokio::task::yield_now().await;
    }
}
