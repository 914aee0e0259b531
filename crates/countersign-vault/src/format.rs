use std::sync::atomic::{AtomicU64, Ordering};

use crate::VaultError;

/// The versions of the sealed form. Each has keys of its own and is part of the associated data: a value does not open
/// under another version's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// XAES-256-GCM (C2SP): 24-byte random nonces, so that no key ever runs out of them. The default.
    Xaes256Gcm,
    /// AES-256-GCM (NIST SP 800-38D): 12-byte random nonces, at most 2^32 values a key, see [`AesGcmBudget`].
    Aes256Gcm,
}

impl Format {
    /// Bytes of the authentication tag; no other size is read.
    pub(crate) const TAG_LEN: usize = 16;

    /// How the text form begins.
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::Xaes256Gcm => "cs1",
            Self::Aes256Gcm => "cs2",
        }
    }

    pub(crate) fn from_tag(tag: &str) -> Option<Self> {
        [Self::Xaes256Gcm, Self::Aes256Gcm].into_iter().find(|format| format.tag() == tag)
    }

    pub(crate) const fn nonce_len(self) -> usize {
        match self {
            Self::Xaes256Gcm => 24,
            Self::Aes256Gcm => 12,
        }
    }
}

/// How many more values the active key may seal with plain AES-256-GCM.
///
/// With random 12-byte nonces a key may seal 2^32 values and no more (NIST SP 800-38D, section 8.3): two values under
/// one nonce would give both away. The vault counts down and refuses; what it cannot do is remember the count when the
/// process ends, or know of another process with the same key. So keep [`spent`](Self::spent) and hand it in again, and
/// give each of several processes a share of its own.
#[derive(Debug)]
pub struct AesGcmBudget {
    spent: AtomicU64,
    limit: u64,
}

impl AesGcmBudget {
    /// Values that one key may seal, over all processes and for all time.
    pub const LIMIT: u64 = 1 << 32;

    /// `share` values, of which `spent` are already used: 0 for a key that is new, what [`spent`](Self::spent) last
    /// said for one that is not. A share above [`LIMIT`](Self::LIMIT) is the limit.
    #[must_use]
    pub const fn new(spent: u64, share: u64) -> Self {
        let limit = if share < Self::LIMIT { share } else { Self::LIMIT };
        Self { spent: AtomicU64::new(spent), limit }
    }

    /// Values sealed so far, those handed in with [`new`](Self::new) included.
    #[must_use]
    pub fn spent(&self) -> u64 {
        self.spent.load(Ordering::Relaxed)
    }

    /// Takes one, before the value is sealed: an attempt that fails later has still used its nonce.
    pub(crate) fn take(&self) -> Result<(), VaultError> {
        self.spent
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |spent| (spent < self.limit).then_some(spent + 1))
            .map(|_| ())
            .map_err(|_| VaultError::BudgetSpent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_one_is_given_and_none_after_it() {
        let budget = AesGcmBudget::new(AesGcmBudget::LIMIT - 1, u64::MAX);
        assert!(budget.take().is_ok());
        assert!(matches!(budget.take(), Err(VaultError::BudgetSpent)));
        assert_eq!(budget.spent(), AesGcmBudget::LIMIT);
    }

    #[test]
    fn a_share_is_counted_exactly_by_many_threads() {
        let budget = AesGcmBudget::new(0, 1000);
        let given: usize = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..4).map(|_| scope.spawn(|| (0..500).filter(|_| budget.take().is_ok()).count())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(given, 1000);
    }
}
