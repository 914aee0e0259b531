use std::{fmt, time::Duration};

use async_trait::async_trait;

use crate::{LimitError, Quota};

/// Counts attempts before they are looked at.
///
/// # What a backend owes
/// - [`take`](Self::take) charges all its charges or none, and of many callers at once no more get through than the
///   quota has room for, whatever the number of processes that share the backend.
/// - Once it answers `Allowed` the charge counts for every later call.
/// - What is counted goes away when its window is over; the space taken is bounded.
/// - Every call answers or fails within about two seconds.
///
/// # What it may assume
/// A count belongs to a key *and* a quota: the same key under another quota is another count.
///
/// # What a caller does
/// Takes before it evaluates; on `Denied` and on any error it does not evaluate. On success it may
/// [`give_back`](Self::give_back) or [`clear`](Self::clear).
///
/// No method has a default, so that a wrapper cannot forget one. The cases of the `conformance` feature check a backend.
#[async_trait]
pub trait RateLimiter: fmt::Debug + Send + Sync + 'static {
    /// Takes all of `charges`, or none if one of them has no room.
    ///
    /// # Errors
    /// [`LimitError`]; what [`Charge::check`] refuses is [`LimitError::Invalid`].
    async fn take(&self, charges: &[Charge<'_>]) -> Result<Decision, LimitError>;

    /// Gives back what was taken with the same `charges`. What is no longer counted is not given back twice: a count
    /// never falls below zero.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    async fn give_back(&self, charges: &[Charge<'_>]) -> Result<(), LimitError>;

    /// Forgets what was counted for the keys and quotas of `charges`, whatever their weight.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    async fn clear(&self, charges: &[Charge<'_>]) -> Result<(), LimitError>;
}

/// One key to charge under one quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge<'a> {
    /// What is limited, such as `password:account:42`; 1 to [`MAX_KEY`](Self::MAX_KEY) bytes without control
    /// characters. Personal data in it is the caller's to hash.
    pub key: &'a str,
    /// How much of it.
    pub quota: Quota,
    /// How much this attempt costs: from 1 to the limit of the quota.
    pub weight: u32,
}

impl<'a> Charge<'a> {
    /// The longest key, in bytes.
    pub const MAX_KEY: usize = 256;
    /// The most charges in one call.
    pub const MAX_TOGETHER: usize = 16;

    /// One attempt of `key` under `quota`.
    #[must_use]
    pub const fn new(key: &'a str, quota: Quota) -> Self {
        Self { key, quota, weight: 1 }
    }

    /// The same, costing `weight`.
    #[must_use]
    pub const fn weight(mut self, weight: u32) -> Self {
        self.weight = weight;
        self
    }

    /// Whether `charges` keep their bounds: every backend calls this first.
    ///
    /// # Errors
    /// [`LimitError::Invalid`], naming what is wrong: no charge or more than [`MAX_TOGETHER`](Self::MAX_TOGETHER), a key
    /// out of its rules, a weight of zero or above the limit.
    pub fn check(charges: &[Self]) -> Result<(), LimitError> {
        if !(1..=Self::MAX_TOGETHER).contains(&charges.len()) {
            return Err(LimitError::Invalid("number of charges"));
        }
        for charge in charges {
            if !(1..=Self::MAX_KEY).contains(&charge.key.len()) || charge.key.chars().any(char::is_control) {
                return Err(LimitError::Invalid("key of a charge"));
            }
            if !(1..=charge.quota.limit()).contains(&charge.weight) {
                return Err(LimitError::Invalid("weight of a charge"));
            }
        }
        Ok(())
    }
}

/// Whether an attempt may go on.
#[must_use = "an attempt that was denied must not go on"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It was charged and may go on.
    Allowed {
        /// How much is left under the tightest of the quotas.
        remaining: u32,
        /// How long until that quota is whole again, if nothing else is taken.
        resets_after: Duration,
    },
    /// Nothing was charged.
    Denied {
        /// How long until the same charges would pass, if nothing else is taken; never zero.
        retry_after: Duration,
    },
}

impl Decision {
    /// Whether the attempt may go on.
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed { .. })
    }

    /// This decision and that of another charge of the same call: the tighter one. Any denial denies, for the longest of
    /// the waits. For backends.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Denied { retry_after: one }, Self::Denied { retry_after: two }) => {
                Self::Denied { retry_after: one.max(two) }
            }
            (denied @ Self::Denied { .. }, _) | (_, denied @ Self::Denied { .. }) => denied,
            (Self::Allowed { remaining: one, .. }, Self::Allowed { remaining: two, .. }) => {
                if two < one {
                    other
                } else {
                    self
                }
            }
        }
    }
}
