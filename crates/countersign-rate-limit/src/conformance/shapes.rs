use super::{Subject, every_shape, quota};
use crate::{Charge, Decision};

/// In every shape: as many as the limit, each saying how many are left, and not one more.
pub async fn the_limit_is_exact(subject: Subject) {
    for quota in every_shape("7/1h") {
        let charge = Charge::new("key", quota);
        for left in (0..7).rev() {
            assert_eq!(subject.allowed(charge).await, left, "{quota}");
        }
        for _ in 0..3 {
            let wait = subject.denied(charge).await;
            assert!((1..=2 * 3_600_000).contains(&wait), "{quota}: {wait} ms");
        }
    }
}

/// The window starts at the first attempt and not at a later one: the sixth of `5/15m` is refused until 15 minutes after
/// the first, and then all is clear.
pub async fn the_sixth_waits_for_the_first_to_pass(subject: Subject) {
    let charge = Charge::new("key", quota("5/15m"));
    for _ in 0..5 {
        subject.allowed(charge).await;
        subject.pass(60_000);
    }
    assert_eq!(subject.denied(charge).await, 10 * 60_000);
    subject.pass(10 * 60_000 - 1);
    assert_eq!(subject.denied(charge).await, 1);
    subject.pass(1);
    for left in (0..5).rev() {
        assert_eq!(subject.allowed(charge).await, left);
    }
    assert_eq!(subject.denied(charge).await, 15 * 60_000);
}

/// Just after a full window there is room only as it slides out.
pub async fn a_sliding_window_has_no_double_burst(subject: Subject) {
    let charge = Charge::new("key", quota("10/10s sliding"));
    for _ in 0..10 {
        subject.allowed(charge).await;
    }
    subject.pass(10_000);
    assert_eq!(subject.denied(charge).await, 1000);
    subject.pass(5000);
    for _ in 0..5 {
        subject.allowed(charge).await;
    }
    assert_eq!(subject.denied(charge).await, 1000);
    subject.pass(20_000);
    assert_eq!(subject.allowed(charge).await, 9, "both windows are over");
}

/// One token every share of the window, and never more than the limit however long it rests.
pub async fn tokens_come_back_evenly(subject: Subject) {
    let charge = Charge::new("key", quota("4/1m token-bucket"));
    for _ in 0..4 {
        subject.allowed(charge).await;
    }
    for _ in 0..3 {
        assert_eq!(subject.denied(charge).await, 15_000);
        subject.pass(14_999);
        assert_eq!(subject.denied(charge).await, 1);
        subject.pass(1);
        assert_eq!(subject.allowed(charge).await, 0);
    }
    subject.pass(3_600_000);
    assert_eq!(subject.allowed(charge).await, 3, "a bucket overflowed");
}

/// In every shape, from many states: one millisecond before the wait is over it is "no", and then "yes".
pub async fn the_wait_is_exact(subject: Subject) {
    for quota in every_shape("5/7s") {
        for (number, pause) in (0_u32..12).zip([0, 1, 13, 999, 1400, 1401, 3500, 6999, 7000, 7001, 10_499, 14_000]) {
            let key = format!("key-{number}");
            let charge = Charge::new(&key, quota);
            subject.allowed(charge.weight(3)).await;
            subject.pass(pause);
            let mut waits = 0;
            for turn in 0_u32..8 {
                let charge = charge.weight(1 + (number + turn) % 4);
                let Decision::Denied { retry_after } = subject.take(&[charge]).await else { continue };
                let wait = u64::try_from(retry_after.as_millis()).expect("a short wait");
                assert!(wait >= 1, "{quota}: denied without a wait");
                subject.pass(wait - 1);
                assert_eq!(
                    subject.denied(charge).await,
                    1,
                    "{quota} after {pause} ms: came up early, or the wait moved"
                );
                subject.pass(1);
                subject.allowed(charge).await;
                waits += 1;
            }
            assert!(waits > 0, "{quota}: eight takes and never a denial");
        }
    }
}

/// Asking again and again while denied does not put the end of the wait off.
pub async fn a_denied_take_costs_nothing(subject: Subject) {
    for quota in every_shape("2/10s") {
        let charge = Charge::new("key", quota);
        subject.allowed(charge.weight(2)).await;
        let wait = subject.denied(charge).await;
        for _ in 0..20 {
            assert_eq!(subject.denied(charge).await, wait, "{quota}");
        }
        subject.pass(wait);
        subject.allowed(charge).await;
    }
}

/// An attempt that costs more takes more, and one that costs too much leaves room for one that does not.
pub async fn weights_count(subject: Subject) {
    for quota in every_shape("10/1h") {
        let charge = Charge::new("key", quota);
        assert_eq!(subject.allowed(charge.weight(4)).await, 6, "{quota}");
        assert_eq!(subject.allowed(charge.weight(4)).await, 2, "{quota}");
        subject.denied(charge.weight(3)).await;
        assert_eq!(subject.allowed(charge.weight(2)).await, 0, "{quota}");
        subject.denied(charge).await;
    }
}
