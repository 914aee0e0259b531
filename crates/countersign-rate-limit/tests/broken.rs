//! Limiters that are broken on purpose, each in one way. The kit must reject every one of them, every time.
#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use countersign_clock::{Clock, ManualClock, Timestamp};
use countersign_rate_limit::{
    Bucket, Charge, Decision, LimitError, Quota, RateLimiter, Shape,
    conformance::{CASES, Subject, run},
};

/// How often each twin is tried; a longer run sets `COUNTERSIGN_TWIN_RUNS` when it builds.
const RUNS: usize = match option_env!("COUNTERSIGN_TWIN_RUNS") {
    Some(text) => match usize::from_str_radix(text, 10) {
        Ok(runs) => runs,
        Err(_) => panic!("COUNTERSIGN_TWIN_RUNS is a number"),
    },
    None => 20,
};

/// What is wrong with a twin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Nothing: the kit must pass it, or it would reject anything.
    None,
    /// Looks whether there is room, lets others run, then charges.
    CheckThenAct,
    /// Never forgets.
    NoExpiry,
    /// Every attempt counts as one.
    WeightLost,
    /// Charges one after another and keeps what it took before the denial.
    ChargesUpToTheDenial,
    /// A denied attempt counts too.
    DenialsCount,
    /// The window starts again at every attempt.
    WindowRestarts,
    /// The window starts at whole multiples of its length.
    WindowAligned,
    /// Counts below zero.
    GivesTooMuchBack,
    /// Gives back one for each charge, whatever its weight.
    GivesTooLittleBack,
    /// One count for a key, whatever the quota.
    QuotasShareACount,
    /// Keys are folded.
    KeysFolded,
    /// Clearing clears everything.
    ClearsAll,
    /// Says how long a window is, not how much of it is left.
    WaitIsAWindow,
    /// A bucket that rests long fills beyond its limit.
    TokensOverflow,
    /// Takes a sliding window for a fixed one.
    NoSliding,
    /// The same key twice in a call is charged once.
    DoublesMerged,
}

#[derive(Debug)]
struct Twin {
    fault: Fault,
    clock: ManualClock,
    counts: Mutex<BTreeMap<String, Bucket>>,
    /// Room beyond the limit, for the faults that make some.
    granted: Mutex<BTreeMap<String, u32>>,
}

impl Twin {
    fn subject(fault: Fault) -> Subject {
        let clock = ManualClock::at(Timestamp::from_secs(1_700_000_000));
        let twin = Self { fault, clock: clock.clone(), counts: Mutex::default(), granted: Mutex::default() };
        Subject::new(Arc::new(twin), move |duration| clock.advance(duration))
    }

    fn now(&self) -> u64 {
        if self.fault == Fault::NoExpiry {
            1
        } else {
            1_000_000 + u64::try_from(self.clock.monotonic().as_millis()).unwrap()
        }
    }

    fn key(&self, charge: &Charge<'_>) -> String {
        match self.fault {
            Fault::QuotasShareACount => charge.key.to_owned(),
            Fault::KeysFolded => format!("{}|{}", charge.quota, charge.key.to_lowercase().trim()),
            _ => format!("{}|{}", charge.quota, charge.key),
        }
    }

    fn quota(&self, charge: &Charge<'_>) -> Quota {
        if self.fault == Fault::NoSliding && charge.quota.counted() == Shape::Sliding {
            return charge.quota.shape(Shape::FixedFromFirst);
        }
        charge.quota
    }

    /// Takes one charge from `counts`.
    fn take_one(&self, counts: &mut BTreeMap<String, Bucket>, charge: &Charge<'_>) -> Decision {
        let (now, key, quota) = (self.now(), self.key(charge), self.quota(charge));
        let weight = if self.fault == Fault::WeightLost { 1 } else { charge.weight };
        let bucket = counts.entry(key.clone()).or_default();
        let window = quota.window_millis();
        match self.fault {
            Fault::WindowAligned if quota.counted() == Shape::FixedFromFirst && bucket.used == 0 => {
                bucket.since = now - now % window;
                bucket.used = 1;
                let decision = bucket.take(&quota, weight, now);
                bucket.used -= 1;
                return decision;
            }
            Fault::TokensOverflow if quota.counted() == Shape::TokenBucket && now > bucket.since + 10 * window => {
                self.granted.lock().unwrap().insert(key.clone(), 3);
            }
            _ => {}
        }
        if let Some(extra) = self.granted.lock().unwrap().get_mut(&key).filter(|extra| **extra >= weight) {
            *extra -= weight;
            return Decision::Allowed { remaining: quota.limit(), resets_after: Duration::ZERO };
        }
        let decision = bucket.take(&quota, weight, now);
        match decision {
            Decision::Allowed { .. } if self.fault == Fault::WindowRestarts => bucket.since = now,
            Decision::Denied { .. } if self.fault == Fault::DenialsCount => bucket.used += 1,
            Decision::Denied { .. } if self.fault == Fault::WaitIsAWindow => {
                return Decision::Denied { retry_after: quota.window() };
            }
            _ => {}
        }
        decision
    }

    fn take_all(&self, counts: &mut BTreeMap<String, Bucket>, charges: &[Charge<'_>]) -> Decision {
        let before = counts.clone();
        let mut decision = Decision::Allowed { remaining: u32::MAX, resets_after: Duration::ZERO };
        for (place, charge) in charges.iter().enumerate() {
            if self.fault == Fault::DoublesMerged && charges[..place].contains(charge) {
                continue;
            }
            decision = decision.and(self.take_one(counts, charge));
        }
        let keeps = matches!(self.fault, Fault::ChargesUpToTheDenial | Fault::DenialsCount);
        if !decision.is_allowed() && !keeps {
            *counts = before;
        }
        decision
    }
}

#[async_trait]
impl RateLimiter for Twin {
    async fn take(&self, charges: &[Charge<'_>]) -> Result<Decision, LimitError> {
        Charge::check(charges)?;
        if self.fault == Fault::CheckThenAct {
            let mut seen = self.counts.lock().unwrap().clone();
            let decision = self.take_all(&mut seen, charges);
            tokio::task::yield_now().await;
            if decision.is_allowed() {
                let keys: Vec<_> = charges.iter().map(|charge| self.key(charge)).collect();
                self.counts.lock().unwrap().extend(seen.into_iter().filter(|(key, _)| keys.contains(key)));
            }
            return Ok(decision);
        }
        Ok(self.take_all(&mut self.counts.lock().unwrap(), charges))
    }

    async fn give_back(&self, charges: &[Charge<'_>]) -> Result<(), LimitError> {
        Charge::check(charges)?;
        for charge in charges {
            let key = self.key(charge);
            if self.fault == Fault::GivesTooMuchBack {
                *self.granted.lock().unwrap().entry(key.clone()).or_default() += charge.weight;
            }
            let weight = if self.fault == Fault::GivesTooLittleBack { 1 } else { charge.weight };
            if let Some(bucket) = self.counts.lock().unwrap().get_mut(&key) {
                bucket.give_back(&charge.quota, weight);
            }
        }
        Ok(())
    }

    async fn clear(&self, charges: &[Charge<'_>]) -> Result<(), LimitError> {
        Charge::check(charges)?;
        let keys: Vec<_> = charges.iter().map(|charge| self.key(charge)).collect();
        self.counts.lock().unwrap().retain(|key, _| self.fault != Fault::ClearsAll && !keys.contains(key));
        Ok(())
    }
}

fn rejected_by(fault: Fault) -> Vec<&'static str> {
    let fails = |case: &fn(Subject) -> _| {
        catch_unwind(AssertUnwindSafe(|| run(async { case(Twin::subject(fault)).await }))).is_err()
    };
    CASES.iter().filter(|case| fails(&case.run)).map(|case| case.name).collect()
}

/// In every run the case that is there for this fault must find it, whatever else does.
fn always_rejected(fault: Fault, case: &str) {
    for turn in 1..=RUNS {
        let by = rejected_by(fault);
        assert!(by.contains(&case), "{fault:?} slipped past {case} in run {turn}; rejected by {by:?}");
    }
}

#[test]
fn a_sound_twin_passes() {
    assert_eq!(rejected_by(Fault::None), [""; 0]);
}

macro_rules! twins {
    ($($test:ident: $fault:ident by $case:ident;)+) => {$(
        #[test]
        fn $test() {
            always_rejected(Fault::$fault, stringify!($case));
        }
    )+};
}

twins! {
    check_then_act: CheckThenAct by many_callers_get_exactly_the_limit;
    check_then_act_together: CheckThenAct by many_callers_are_charged_all_or_nothing;
    no_expiry: NoExpiry by the_sixth_waits_for_the_first_to_pass;
    weight_lost: WeightLost by weights_count;
    charges_up_to_the_denial: ChargesUpToTheDenial by all_or_nothing;
    denials_count: DenialsCount by a_denied_take_costs_nothing;
    window_restarts: WindowRestarts by the_sixth_waits_for_the_first_to_pass;
    window_aligned: WindowAligned by the_sixth_waits_for_the_first_to_pass;
    gives_too_much_back: GivesTooMuchBack by nothing_is_given_back_twice;
    gives_too_little_back: GivesTooLittleBack by what_is_given_back_can_be_taken_again;
    quotas_share_a_count: QuotasShareACount by keys_and_quotas_are_apart;
    keys_folded: KeysFolded by keys_and_quotas_are_apart;
    clears_all: ClearsAll by clearing_forgets_what_is_named;
    wait_is_a_window: WaitIsAWindow by the_wait_is_exact;
    tokens_overflow: TokensOverflow by tokens_come_back_evenly;
    no_sliding: NoSliding by a_sliding_window_has_no_double_burst;
    doubles_merged: DoublesMerged by one_key_twice_counts_twice;
}
