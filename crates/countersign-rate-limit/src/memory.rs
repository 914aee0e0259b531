#[cfg(not(test))]
use std::sync::{Mutex, MutexGuard};
use std::{
    collections::{HashMap, hash_map::RandomState},
    fmt,
    hash::BuildHasher,
    sync::{Arc, PoisonError},
};

use async_trait::async_trait;
use countersign_clock::Clock;
/// The same lock, but the schedule tests decide who has the next turn.
#[cfg(test)]
use shuttle::sync::{Mutex, MutexGuard};

use crate::{Bucket, Charge, Decision, LimitError, Quota, RateLimiter};

/// A limiter for one process, on monotonic time: a step of the wall clock changes nothing.
///
/// It holds a bounded number of keys. When it is full of counts that still run, a key that is not among them is refused
/// with [`LimitError::Full`]: forgetting a running count to make room would let a flood of other keys wipe it.
pub struct MemoryLimiter {
    clock: Arc<dyn Clock>,
    shards: Box<[Mutex<Shard>]>,
    keys_per_shard: usize,
    hasher: RandomState,
}

impl MemoryLimiter {
    /// How many keys [`new`](Self::new) holds: about 2^20, some 150 MB when full.
    pub const DEFAULT_KEYS: usize = 1 << 20;
    const SHARDS: usize = 64;

    /// A limiter that holds [`DEFAULT_KEYS`](Self::DEFAULT_KEYS) keys.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with_capacity(clock, Self::DEFAULT_KEYS)
    }

    /// A limiter that holds about `keys` keys: they are spread over 64 shards, and each holds its share.
    #[must_use]
    pub fn with_capacity(clock: Arc<dyn Clock>, keys: usize) -> Self {
        Self {
            clock,
            shards: (0..Self::SHARDS).map(|_| Mutex::default()).collect(),
            keys_per_shard: keys.div_ceil(Self::SHARDS).max(1),
            hasher: RandomState::new(),
        }
    }

    /// How many keys it holds now, those that have expired and were not swept yet among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).counts.len()).sum()
    }

    /// Whether it holds no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn now(&self) -> u64 {
        u64::try_from(self.clock.monotonic().as_millis()).unwrap_or(u64::MAX)
    }

    /// Locks the shards of all `charges`, in one order for every caller, and hands each charge the place of its shard.
    fn lock_all(&self, charges: &[Charge<'_>]) -> (Vec<MutexGuard<'_, Shard>>, Vec<usize>) {
        let homes: Vec<usize> = charges.iter().map(|charge| self.home(charge)).collect();
        let mut wanted = homes.clone();
        wanted.sort_unstable();
        wanted.dedup();
        let places = homes.iter().map(|home| wanted.partition_point(|other| other < home)).collect();
        (wanted.iter().map(|home| lock(&self.shards[*home])).collect(), places)
    }

    #[expect(clippy::cast_possible_truncation, reason = "the remainder is below the number of shards")]
    fn home(&self, charge: &Charge<'_>) -> usize {
        (self.hasher.hash_one((charge.key, charge.quota)) % self.shards.len() as u64) as usize
    }
}

#[async_trait]
impl RateLimiter for MemoryLimiter {
    async fn take(&self, charges: &[Charge<'_>]) -> Result<Decision, LimitError> {
        Charge::check(charges)?;
        let now = self.now();
        let (mut shards, places) = self.lock_all(charges);
        let mut decision = Decision::Allowed { remaining: u32::MAX, resets_after: std::time::Duration::ZERO };
        let mut undo: Vec<(usize, Key, Option<Bucket>)> = Vec::with_capacity(charges.len());
        let mut full = false;
        for (charge, place) in charges.iter().zip(places) {
            let key = Key::of(charge);
            let shard = &mut *shards[place];
            let before = shard.counts.get(&key).copied();
            if before.is_none() && !shard.has_room(self.keys_per_shard, now) {
                full = true;
                break;
            }
            let mut bucket = before.unwrap_or_default();
            let one = bucket.take(&charge.quota, charge.weight, now);
            if one.is_allowed() {
                shard.counts.insert(key.clone(), bucket);
                undo.push((place, key, before));
            }
            decision = decision.and(one);
        }
        if full || !decision.is_allowed() {
            for (place, key, before) in undo.into_iter().rev() {
                match before {
                    Some(bucket) => shards[place].counts.insert(key, bucket),
                    None => shards[place].counts.remove(&key),
                };
            }
        }
        if full { Err(LimitError::Full) } else { Ok(decision) }
    }

    async fn give_back(&self, charges: &[Charge<'_>]) -> Result<(), LimitError> {
        Charge::check(charges)?;
        let (mut shards, places) = self.lock_all(charges);
        for (charge, place) in charges.iter().zip(places) {
            if let Some(bucket) = shards[place].counts.get_mut(&Key::of(charge)) {
                bucket.give_back(&charge.quota, charge.weight);
            }
        }
        Ok(())
    }

    async fn clear(&self, charges: &[Charge<'_>]) -> Result<(), LimitError> {
        Charge::check(charges)?;
        let (mut shards, places) = self.lock_all(charges);
        for (charge, place) in charges.iter().zip(places) {
            shards[place].counts.remove(&Key::of(charge));
        }
        Ok(())
    }
}

impl fmt::Debug for MemoryLimiter {
    /// Without the keys, which may name persons.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryLimiter").field("keys", &self.len()).finish_non_exhaustive()
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    key: Box<str>,
    quota: Quota,
}

impl Key {
    fn of(charge: &Charge<'_>) -> Self {
        Self { key: charge.key.into(), quota: charge.quota }
    }
}

#[derive(Default)]
struct Shard {
    counts: HashMap<Key, Bucket>,
    swept: u64,
}

impl Shard {
    /// A full shard is swept at most every second, so that a flood of new keys does not sweep on each of them; others
    /// every minute, so that memory comes back.
    fn has_room(&mut self, most: usize, now: u64) -> bool {
        let pause = if self.counts.len() < most { 60_000 } else { 1000 };
        if now.saturating_sub(self.swept) >= pause {
            self.swept = now;
            self.counts.retain(|key, bucket| bucket.expires_after(&key.quota, now) > 0);
            if self.counts.len() < self.counts.capacity() / 4 {
                self.counts.shrink_to_fit();
            }
        }
        self.counts.len() < most
    }
}

/// A panic while counting cannot leave a bucket half changed: each is replaced whole.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Schedules that the real threads of the conformance kit may never meet, drawn at random.
#[cfg(test)]
mod tests {
    use countersign_clock::{ManualClock, Timestamp};
    use shuttle::{future::block_on, thread};

    use super::*;

    const SCHEDULES: usize = 500;

    /// Three callers want two keys, not all in the same order, and one key alone is in demand too: nobody waits for ever
    /// (the checker calls that a deadlock), exactly as many as the quota allows get in, and the refused leave no trace.
    #[test]
    fn no_schedule_counts_wrong_or_hangs() {
        let race = || {
            let clock = Arc::new(ManualClock::at(Timestamp::from_secs(1_700_000_000)));
            let limiter = Arc::new(MemoryLimiter::new(clock));
            let (two, three) = ("2/1h".parse::<Quota>().unwrap(), "3/1h".parse::<Quota>().unwrap());
            let callers: Vec<_> = (0..3)
                .map(|number| {
                    let limiter = Arc::clone(&limiter);
                    thread::spawn(move || {
                        let mut charges = [Charge::new("account", two), Charge::new("address", three)];
                        charges.rotate_left(number % 2);
                        block_on(limiter.take(&charges)).unwrap().is_allowed()
                    })
                })
                .collect();
            let allowed: Vec<bool> = callers.into_iter().map(|caller| caller.join().unwrap()).collect();
            assert_eq!(allowed.iter().filter(|allowed| **allowed).count(), 2, "{allowed:?}");
            // The refused one has not used up its share of the other key.
            let take = || block_on(limiter.take(&[Charge::new("address", three)])).unwrap().is_allowed();
            assert_eq!([take(), take()], [true, false]);
        };
        shuttle::check_random(race, SCHEDULES);
        shuttle::check_pct(race, SCHEDULES, 3);
    }

    /// What is given back while another takes is neither lost nor counted twice.
    #[test]
    fn no_schedule_loses_what_is_given_back() {
        let race = || {
            let clock = Arc::new(ManualClock::at(Timestamp::from_secs(1_700_000_000)));
            let limiter = Arc::new(MemoryLimiter::new(clock));
            let charge = [Charge::new("account", "3/1h".parse().unwrap())];
            let (other, same) = (Arc::clone(&limiter), charge);
            let returning = thread::spawn(move || {
                assert!(block_on(other.take(&same)).unwrap().is_allowed());
                block_on(other.give_back(&same)).unwrap();
            });
            assert!(block_on(limiter.take(&charge)).unwrap().is_allowed());
            returning.join().unwrap();
            let take = || block_on(limiter.take(&charge)).unwrap().is_allowed();
            assert_eq!([take(), take(), take()], [true, true, false]);
        };
        shuttle::check_random(race, SCHEDULES);
        shuttle::check_pct(race, SCHEDULES, 3);
    }
}
