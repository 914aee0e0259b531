use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

use super::{Subject, every_shape, quota};
use crate::Charge;

const CALLERS: usize = 48;
const ROUNDS: usize = 6;

/// Of many callers let go together, exactly as many as the limit get through, in every round and shape.
pub async fn many_callers_get_exactly_the_limit(subject: Subject) {
    for quota in every_shape("10/1h") {
        for round in 0..ROUNDS {
            let key = format!("key-{round}");
            let said = subject.race(CALLERS, |_, limiter| {
                let key = key.clone();
                async move { limiter.take(&[Charge::new(&key, quota).weight(2)]).await.expect("take").is_allowed() }
            });
            let through = said.await.into_iter().filter(|allowed| *allowed).count();
            assert_eq!(through, 5, "{quota}, round {round}");
        }
    }
}

/// Of many callers who share one quota and have one each, the shared one lets its limit through, and whoever was denied
/// was not charged for his own. They name the keys in either order.
pub async fn many_callers_are_charged_all_or_nothing(subject: Subject) {
    let (shared, own) = (quota("10/1h"), quota("1/1h"));
    for round in 0..ROUNDS {
        let common = format!("common-{round}");
        let said = subject.race(CALLERS, |number, limiter| {
            let (common, mine) = (common.clone(), format!("own-{round}-{number}"));
            async move {
                let mut charges = [Charge::new(&common, shared), Charge::new(&mine, own)];
                if number % 2 == 0 {
                    charges.reverse();
                }
                limiter.take(&charges).await.expect("take").is_allowed()
            }
        });
        let said = said.await;
        assert_eq!(said.iter().filter(|allowed| **allowed).count(), 10, "round {round}");
        for (number, allowed) in said.into_iter().enumerate() {
            let mine = format!("own-{round}-{number}");
            let left = subject.take(&[Charge::new(&mine, own)]).await.is_allowed();
            assert_eq!(left, !allowed, "round {round}, caller {number}");
        }
    }
}

/// A take whose caller went away is charged once or not at all, and the limiter goes on working.
pub async fn a_dropped_take_counts_once_at_most(subject: Subject) {
    let hour = quota("3/1h");
    for polls in 0..12 {
        let (one, two) = (format!("one-{polls}"), format!("two-{polls}"));
        let charges = [Charge::new(&one, hour), Charge::new(&two, hour)];
        {
            let limiter = subject.handle(0);
            let mut work = pin!(limiter.take(&charges));
            for _ in 0..polls {
                if poll_fn(|context| Poll::Ready(work.as_mut().poll(context).is_ready())).await {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        // Three more callers: all get through if the dropped one was not charged, two if it was. It may yet be.
        let mut through = 0;
        for _ in 0..4 {
            through += usize::from(subject.handle(1).take(&charges).await.expect("take").is_allowed());
        }
        assert!((2..=3).contains(&through), "{through} of 3 after {polls} polls");
        let apart = [subject.take(&charges[..1]).await, subject.take(&charges[1..]).await];
        assert!(apart.iter().all(|decision| !decision.is_allowed()), "one key was charged and the other was not");
    }
}
