use std::time::Duration;

use crate::{Decision, Quota, Shape};

/// What is counted for one key under one quota, and the rules by which it changes. For backends: pure, no clock, no
/// I/O, and small enough to be written again in SQL or Lua.
///
/// Times are milliseconds on whatever clock the backend keeps to. If that clock goes back, the count stays and its
/// window starts again: a step of the clock neither lifts a limit nor lengthens it by more than one window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// Fixed and sliding: when the window started. Token bucket: when `used` was last reckoned.
    pub since: u64,
    /// Fixed and sliding: what was taken in this window. Token bucket: what is missing, in tokens times the window in
    /// milliseconds, so that it refills by the limit every millisecond.
    pub used: u64,
    /// Sliding: what was taken in the window before. Otherwise 0.
    pub earlier: u64,
}

impl Bucket {
    /// Takes `weight` at `now` if there is room; else changes nothing.
    pub fn take(&mut self, quota: &Quota, weight: u32, now: u64) -> Decision {
        let at_now = self.at(quota, now);
        let cost = cost(quota, weight);
        if at_now.load(quota, now) + cost > room(quota) {
            let wait = at_now.wait(quota, cost, now).max(1);
            return Decision::Denied { retry_after: Duration::from_millis(wait) };
        }
        *self = Self { used: at_now.used + cost, ..at_now };
        self.allowed(quota, now)
    }

    /// Gives `weight` back, as far as it is still counted. No time is needed: a refill that is due, or a window that is
    /// over, is reckoned later from what is left here.
    pub fn give_back(&mut self, quota: &Quota, weight: u32) {
        let cost = cost(quota, weight);
        let from_earlier = cost.saturating_sub(self.used);
        self.used = self.used.saturating_sub(cost);
        self.earlier = self.earlier.saturating_sub(from_earlier);
    }

    /// How long after `now` nothing of it counts any more and it can be forgotten, in milliseconds.
    #[must_use]
    pub fn expires_after(&self, quota: &Quota, now: u64) -> u64 {
        let at_now = self.at(quota, now);
        let window = quota.window_millis();
        let left = (at_now.since + window).saturating_sub(now);
        match quota.counted() {
            _ if at_now.used == 0 && at_now.earlier == 0 => 0,
            Shape::FixedFromFirst => left,
            Shape::Sliding if at_now.used == 0 => left,
            Shape::Sliding => left + window,
            Shape::TokenBucket => at_now.used.div_ceil(quota.limit().into()),
        }
    }

    /// What an allowed charge that left this behind is told at `now`.
    pub fn allowed(&self, quota: &Quota, now: u64) -> Decision {
        let free = room(quota).saturating_sub(self.load(quota, now)) / cost(quota, 1);
        Decision::Allowed {
            remaining: u32::try_from(free).unwrap_or(u32::MAX),
            resets_after: Duration::from_millis(self.expires_after(quota, now)),
        }
    }

    /// The same count, brought forward to `now`.
    fn at(self, quota: &Quota, now: u64) -> Self {
        let window = quota.window_millis();
        let fresh = Self { since: now, used: 0, earlier: 0 };
        // From a clock that went back, or from one ahead of ours.
        let since = self.since.min(now);
        let age = now - since;
        match quota.counted() {
            _ if self.used == 0 && self.earlier == 0 => fresh,
            Shape::FixedFromFirst if age >= window => fresh,
            Shape::Sliding if age >= 2 * window => fresh,
            Shape::Sliding if age >= window => Self { since: since + window, used: 0, earlier: self.used },
            Shape::FixedFromFirst | Shape::Sliding => Self { since, ..self },
            Shape::TokenBucket => {
                let refilled = age.saturating_mul(quota.limit().into());
                Self { since: now, used: self.used.saturating_sub(refilled), earlier: 0 }
            }
        }
    }

    /// How full it is; `self` has been brought forward.
    fn load(&self, quota: &Quota, now: u64) -> u64 {
        let window = quota.window_millis();
        let inside = window.saturating_sub(now.saturating_sub(self.since));
        self.used + (self.earlier * inside).div_ceil(window)
    }

    /// Milliseconds until `cost` has room; `self` has been brought forward and has none now.
    fn wait(&self, quota: &Quota, cost: u64, now: u64) -> u64 {
        let window = quota.window_millis();
        let left = (self.since + window).saturating_sub(now);
        let free = room(quota) - cost;
        match quota.counted() {
            Shape::FixedFromFirst => left,
            Shape::TokenBucket => (self.used - free).div_ceil(quota.limit().into()),
            // While this window lasts only the earlier one gives way; after it, this one is the earlier one.
            Shape::Sliding if self.used <= free => left - ((free - self.used) * window) / self.earlier,
            Shape::Sliding => left + window - (free * window) / self.used,
        }
    }
}

const fn cost(quota: &Quota, weight: u32) -> u64 {
    match quota.counted() {
        Shape::TokenBucket => weight as u64 * quota.window_millis(),
        Shape::FixedFromFirst | Shape::Sliding => weight as u64,
    }
}

const fn room(quota: &Quota) -> u64 {
    cost(quota, quota.limit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wait(decision: Decision) -> Option<u64> {
        match decision {
            Decision::Denied { retry_after } => Some(u64::try_from(retry_after.as_millis()).unwrap()),
            Decision::Allowed { .. } => None,
        }
    }

    #[test]
    fn the_sixth_of_five_in_fifteen_minutes_waits_for_the_first_to_pass() {
        let quota = "5/15m".parse().unwrap();
        let mut bucket = Bucket::default();
        for minute in 0..5 {
            assert!(bucket.take(&quota, 1, 1_000_000 + minute * 60_000).is_allowed());
        }
        assert_eq!(wait(bucket.take(&quota, 1, 1_000_000 + 5 * 60_000)), Some(10 * 60_000));
        assert_eq!(wait(bucket.take(&quota, 1, 1_000_000 + 15 * 60_000 - 1)), Some(1));
        for _ in 0..5 {
            assert!(bucket.take(&quota, 1, 1_000_000 + 15 * 60_000).is_allowed());
        }
    }

    #[test]
    fn a_token_comes_back_every_share_of_the_window() {
        let quota = "3/1s token-bucket".parse().unwrap();
        let mut bucket = Bucket::default();
        assert!(bucket.take(&quota, 3, 0).is_allowed());
        assert_eq!(wait(bucket.take(&quota, 1, 0)), Some(334));
        assert_eq!(wait(bucket.take(&quota, 1, 333)), Some(1));
        assert!(bucket.take(&quota, 1, 334).is_allowed());
        assert_eq!(wait(bucket.take(&quota, 3, 334)), Some(1000)); // 2/1000 of a token over, 2.998 missing
    }

    #[test]
    fn sliding_weighs_the_window_before() {
        let quota = "10/10s sliding".parse().unwrap();
        let mut bucket = Bucket::default();
        assert!(bucket.take(&quota, 10, 0).is_allowed());
        // A fixed window would give ten more at once.
        assert_eq!(wait(bucket.take(&quota, 1, 10_000)), Some(1000));
        assert!(bucket.take(&quota, 1, 11_000).is_allowed());
        assert_eq!(wait(bucket.take(&quota, 1, 11_000)), Some(1000));
    }

    #[test]
    fn a_clock_that_goes_back_keeps_the_count_and_one_window() {
        for shape in ["2/1m", "2/1m sliding", "2/1m token-bucket"] {
            let quota = shape.parse().unwrap();
            let mut bucket = Bucket::default();
            assert!(bucket.take(&quota, 2, 10_000_000).is_allowed());
            let wait = wait(bucket.take(&quota, 1, 5_000_000)).unwrap();
            assert!((1..=120_000).contains(&wait), "{shape}: {wait}");
        }
    }

    proptest! {
        /// `retry_after` is the first moment at which the same charge passes, not earlier and not later.
        #[test]
        fn the_wait_is_exact(
            shape in prop_oneof![Just(Shape::FixedFromFirst), Just(Shape::Sliding), Just(Shape::TokenBucket)],
            limit in 1_u32..20,
            window in 1_u64..5,
            steps in prop::collection::vec((0_u64..3000, 1_u32..20), 1..60),
        ) {
            let quota = Quota::new(limit, Duration::from_secs(window)).unwrap().shape(shape);
            let (mut bucket, mut now) = (Bucket::default(), 50_000);
            for (pause, weight) in steps {
                now += pause;
                let weight = weight.min(limit);
                if let Some(wait) = wait(bucket.take(&quota, weight, now)) {
                    let (mut before, mut then) = (bucket, bucket);
                    prop_assert!(!before.take(&quota, weight, now + wait - 1).is_allowed());
                    prop_assert!(then.take(&quota, weight, now + wait).is_allowed());
                }
                let gone = now + bucket.expires_after(&quota, now);
                let mut later = bucket;
                let Decision::Allowed { remaining, .. } = later.take(&quota, 1, gone) else {
                    return Err(TestCaseError::fail("expired and yet full"));
                };
                prop_assert_eq!(remaining, limit - 1);
            }
        }

        /// Taking and giving back at once leaves as much room as before.
        #[test]
        fn what_is_given_back_can_be_taken_again(
            shape in prop_oneof![Just(Shape::FixedFromFirst), Just(Shape::Sliding), Just(Shape::TokenBucket)],
            first in 1_u32..10, second in 1_u32..10, pause in 0_u64..2500,
        ) {
            let quota = Quota::new(20, Duration::from_secs(1)).unwrap().shape(shape);
            let mut bucket = Bucket::default();
            let _ = bucket.take(&quota, first, 7);
            let mut other = bucket;
            prop_assume!(other.take(&quota, second, 7 + pause).is_allowed());
            other.give_back(&quota, second);
            prop_assert_eq!(bucket.at(&quota, 7 + pause).load(&quota, 7 + pause), other.load(&quota, 7 + pause));
        }
    }
}
