use super::{Subject, every_shape, quota};
use crate::{Charge, Decision, LimitError};

/// Several quotas are charged together or not at all, wherever in the list the full one stands; the longest wait is told,
/// and of what is left the least.
pub async fn all_or_nothing(subject: Subject) {
    let (narrow, wide) = (quota("2/1h"), quota("10/1d"));
    for place in 0..3 {
        let keys = [format!("{place}-a"), format!("{place}-b"), format!("{place}-c")];
        let charges: Vec<_> = keys
            .iter()
            .enumerate()
            .map(|(number, key)| Charge::new(key, if number == place { narrow } else { wide }))
            .collect();
        for left in [1, 0] {
            match subject.take(&charges).await {
                Decision::Allowed { remaining, .. } => assert_eq!(remaining, left, "not the tightest"),
                denied @ Decision::Denied { .. } => panic!("{denied:?}"),
            }
        }
        for _ in 0..20 {
            assert!(!subject.take(&charges).await.is_allowed(), "the full quota is at place {place}");
        }
        for (number, charge) in charges.iter().enumerate().filter(|(number, _)| *number != place) {
            assert_eq!(subject.allowed(*charge).await, 7, "place {number} was charged for a denied attempt");
        }
    }
    let (short, long) = (Charge::new("short", quota("1/1m")), Charge::new("long", quota("1/1h")));
    subject.allowed(short).await;
    subject.allowed(long).await;
    for charges in [[short, long], [long, short]] {
        let Decision::Denied { retry_after } = subject.take(&charges).await else { panic!("two full quotas allowed") };
        assert_eq!(retry_after.as_secs(), 3600, "not the longest wait");
    }
}

/// The same key and quota twice in one call is two attempts.
pub async fn one_key_twice_counts_twice(subject: Subject) {
    for quota in every_shape("3/1h") {
        let charge = Charge::new("key", quota);
        assert!(subject.take(&[charge, charge]).await.is_allowed(), "{quota}");
        assert!(!subject.take(&[charge, charge]).await.is_allowed(), "{quota}");
        assert_eq!(subject.allowed(charge).await, 0, "{quota}");
    }
}

/// What was given back can be taken again, at once and for all charges of the call.
pub async fn what_is_given_back_can_be_taken_again(subject: Subject) {
    for quota in every_shape("3/1h") {
        let charges = [Charge::new("one", quota).weight(2), Charge::new("two", quota)];
        for _ in 0..5 {
            assert!(subject.take(&charges).await.is_allowed(), "{quota}");
            subject.handle(1).give_back(&charges).await.expect("give back");
        }
        assert_eq!(subject.allowed(charges[0]).await, 1, "{quota}");
        assert_eq!(subject.allowed(charges[1]).await, 2, "{quota}");
    }
}

/// Giving back more than was taken, or what was never taken, makes no room beyond the limit.
pub async fn nothing_is_given_back_twice(subject: Subject) {
    for quota in every_shape("3/1h") {
        let charge = Charge::new("key", quota);
        let store = subject.handle(0);
        store.give_back(&[charge.weight(3)]).await.expect("give back");
        assert_eq!(subject.allowed(charge).await, 2, "{quota}");
        for _ in 0..3 {
            store.give_back(&[charge.weight(3)]).await.expect("give back");
        }
        assert_eq!(subject.allowed(charge.weight(3)).await, 0, "{quota}");
        subject.denied(charge).await;
    }
}

/// Clearing makes the keys named whole and leaves the others as they are.
pub async fn clearing_forgets_what_is_named(subject: Subject) {
    for quota in every_shape("2/1h") {
        let (one, two, other) = (Charge::new("one", quota), Charge::new("two", quota), Charge::new("other", quota));
        for charge in [one, two, other] {
            subject.allowed(charge.weight(2)).await;
        }
        subject.handle(1).clear(&[one, two, Charge::new("unknown", quota)]).await.expect("clear");
        assert_eq!(subject.allowed(one).await, 1, "{quota}");
        assert_eq!(subject.allowed(two).await, 1, "{quota}");
        subject.denied(other).await;
    }
}

/// Keys that a careless limiter folds, trims, cuts or joins are apart, and so is one key under two quotas.
pub async fn keys_and_quotas_are_apart(subject: Subject) {
    let hour = quota("1/1h");
    let long = "x".repeat(Charge::MAX_KEY - 1);
    let (long_a, long_b) = (format!("{long}a"), format!("{long}b"));
    let keys = [
        "key",
        "Key",
        "key ",
        " key",
        "k\u{e9}y",
        "ke\u{301}y",
        "'",
        "\"",
        "%",
        "_",
        "*",
        "{key}",
        "{a}b",
        "1/1h|key",
        "sliding key",
        "token-bucket key",
        "🗝",
        "\\",
        "a:b",
        "a",
        "b",
        &long_a,
        &long_b,
    ];
    for key in keys {
        assert_eq!(subject.allowed(Charge::new(key, hour)).await, 0, "{key:?}");
    }
    for other in ["1/1h sliding", "1/1h token-bucket", "1/2h", "2/1h"] {
        subject.allowed(Charge::new("key", quota(other))).await;
    }
    for key in keys {
        subject.denied(Charge::new(key, hour)).await;
    }
}

/// No charge, a weight of zero or above the limit, a key out of its rules: refused, and nothing is charged.
pub async fn what_is_out_of_bounds_is_refused(subject: Subject) {
    let hour = quota("3/1h");
    let good = Charge::new("key", hour);
    let long = "x".repeat(Charge::MAX_KEY + 1);
    let bad =
        [good.weight(0), good.weight(4), Charge::new("", hour), Charge::new(&long, hour), Charge::new("a\0b", hour)];
    let limiter = subject.handle(0);
    assert!(matches!(limiter.take(&[]).await, Err(LimitError::Invalid(_))));
    for charge in bad {
        for charges in [vec![charge], vec![good, charge]] {
            assert!(matches!(limiter.take(&charges).await, Err(LimitError::Invalid(_))), "{charge:?}");
            assert!(matches!(limiter.give_back(&charges).await, Err(LimitError::Invalid(_))), "{charge:?}");
        }
    }
    let many = vec![good; Charge::MAX_TOGETHER + 1];
    assert!(matches!(limiter.take(&many).await, Err(LimitError::Invalid(_))));
    assert_eq!(subject.allowed(good).await, 2);
}
