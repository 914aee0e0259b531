use std::time::Duration;

use countersign_clock::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Device, is_default};
use crate::policy::{Allowance, Policy};

/// What stands between a guesser and the codes: every count that a wrong answer moves.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Guard {
    /// Wrong answers of devices that are not known.
    #[serde(skip_serializing_if = "is_default", default)]
    answers: Tally,
    /// When the wrong answers of devices that are not known were given, as far back as the lock looks.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    recent: Vec<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    locked_until: Option<Timestamp>,
    /// Wrong answers since the last right one, of whatever device.
    #[serde(skip_serializing_if = "is_default", default)]
    in_row: u32,
    /// Too many in a row: only a backup code or an admin leads on.
    #[serde(skip_serializing_if = "is_default", default)]
    disabled: bool,
    /// Wrong answers of devices that are not known, over a month. What succeeds between takes none off.
    #[serde(skip_serializing_if = "is_default", default)]
    month: Tally,
    /// Backup codes tried while locked.
    #[serde(skip_serializing_if = "is_default", default)]
    recovery: Tally,
    /// Wrong codes for a pending factor. They say nothing about a live one and are counted apart.
    #[serde(skip_serializing_if = "is_default", default)]
    pub(crate) enrolment: Tally,
}

/// The owner is told at this many failures of unknown devices in so long (NIST SP 800-63B-4, section 3.2.2).
const MONTH: Allowance = Allowance { limit: 5, window: Duration::from_secs(30 * 24 * 60 * 60) };

/// Whether an answer is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    Open { left: u32 },
    Spent { retry_after: Duration },
    Locked { retry_after: Option<Duration> },
}

/// What a wrong answer brought about besides itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Charged {
    pub(crate) locked: bool,
    pub(crate) disabled: bool,
    /// So many strangers' failures in a month that the owner should know.
    pub(crate) noticed: bool,
}

impl Guard {
    /// Whether a code is looked at. A known device answers from its own budget, whatever strangers have spent; a factor
    /// disabled by failures is disabled for everybody.
    pub(crate) fn for_code(&self, policy: &Policy, now: Timestamp, device: Option<&Device>) -> Gate {
        if self.disabled {
            return Gate::Locked { retry_after: None };
        }
        if let Some(device) = device {
            return device.answers.gate(policy.device_answers(), now);
        }
        match self.lock_left(now) {
            Some(left) => Gate::Locked { retry_after: Some(left) },
            None => self.answers.gate(policy.answers(), now),
        }
    }

    /// Whether a backup code is looked at while codes are locked.
    pub(crate) fn for_recovery(&self, policy: &Policy, now: Timestamp) -> Gate {
        self.recovery.gate(policy.recovery_answers(), now)
    }

    /// Charges a wrong code.
    pub(crate) fn charge_code(&mut self, policy: &Policy, now: Timestamp, device: Option<&mut Device>) -> Charged {
        let mut charged = Charged::default();
        match device {
            Some(device) => device.answers.charge(policy.device_answers(), now),
            None => {
                self.answers.charge(policy.answers(), now);
                charged.locked = self.note_failure(policy, now);
                self.month.charge(MONTH, now);
                charged.noticed = self.month.count == MONTH.limit;
            }
        }
        self.in_row = self.in_row.saturating_add(1);
        if self.in_row >= policy.failures_in_row() && !self.disabled {
            self.disabled = true;
            charged.disabled = true;
        }
        charged
    }

    /// Charges a wrong backup code that was looked at while codes are locked.
    pub(crate) fn charge_recovery(&mut self, policy: &Policy, now: Timestamp) {
        self.recovery.charge(policy.recovery_answers(), now);
    }

    /// A right code: the row of failures is broken. What else was counted stays counted.
    pub(crate) const fn code_accepted(&mut self) {
        self.in_row = 0;
    }

    /// A right backup code, or an admin: the lock is off. True if there was one.
    pub(crate) fn unlock(&mut self, now: Timestamp) -> bool {
        let was_locked = self.disabled || self.lock_left(now).is_some();
        self.disabled = false;
        self.locked_until = None;
        self.in_row = 0;
        self.recent.clear();
        self.recovery = Tally::default();
        if was_locked {
            self.answers = Tally::default();
        }
        was_locked
    }

    /// Whether codes are refused unseen, by a lock or for good.
    pub(crate) fn is_locked(&self, now: Timestamp) -> bool {
        self.disabled || self.lock_left(now).is_some()
    }

    /// Whether codes are refused until a backup code or an admin.
    pub(crate) const fn is_disabled(&self) -> bool {
        self.disabled
    }

    /// When the lock ends, where it has an end.
    pub(crate) fn locked_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.locked_until.filter(|until| !self.disabled && now < *until)
    }

    fn lock_left(&self, now: Timestamp) -> Option<Duration> {
        self.locked_until.filter(|until| now < *until).map(|until| until.saturating_since(now))
    }

    /// Notes a failure, and locks when there are too many in too short a time.
    fn note_failure(&mut self, policy: &Policy, now: Timestamp) -> bool {
        let lock = policy.lock();
        self.recent.retain(|at| now.saturating_since(*at) < lock.within);
        self.recent.push(now);
        if self.recent.len() < usize::try_from(lock.failures).unwrap_or(usize::MAX) {
            return false;
        }
        self.recent.clear();
        self.locked_until = Some(now.saturating_add(lock.lasts));
        true
    }
}

/// So many in a window that begins with the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tally {
    since: Timestamp,
    count: u32,
}

impl Tally {
    pub(crate) fn gate(&self, allowance: Allowance, now: Timestamp) -> Gate {
        let count = if self.is_over(allowance, now) { 0 } else { self.count };
        match allowance.limit.saturating_sub(count) {
            0 => Gate::Spent {
                retry_after: self.since.saturating_add(allowance.window).saturating_since(now.max(self.since)),
            },
            left => Gate::Open { left },
        }
    }

    pub(crate) fn charge(&mut self, allowance: Allowance, now: Timestamp) {
        if self.is_over(allowance, now) {
            *self = Self { since: now, count: 0 };
        }
        self.count = self.count.saturating_add(1);
    }

    /// A clock that went back does not end a window early.
    fn is_over(&self, allowance: Allowance, now: Timestamp) -> bool {
        self.count == 0 || now.saturating_since(self.since) >= allowance.window
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_secs(1_000_000);

    fn after(secs: u64) -> Timestamp {
        START.saturating_add(Duration::from_secs(secs))
    }

    fn device() -> Device {
        Device { id: "d".into(), expires_at: after(1_000_000), answers: Tally::default() }
    }

    #[test]
    fn the_sixth_answer_waits_for_the_end_of_the_window_of_the_first() {
        let (mut guard, policy) = (Guard::default(), Policy::default());
        for n in 0..5 {
            assert_eq!(
                guard.for_code(&policy, after(n * 60), None),
                Gate::Open { left: 5 - u32::try_from(n).unwrap() }
            );
            let _ = guard.charge_code(&policy, after(n * 60), None);
        }
        assert_eq!(guard.for_code(&policy, after(600), None), Gate::Spent { retry_after: Duration::from_secs(300) });
        assert_eq!(guard.for_code(&policy, after(900), None), Gate::Open { left: 5 });
    }

    #[test]
    fn a_clock_set_back_frees_nothing() {
        let (mut guard, policy) = (Guard::default(), Policy::default());
        for _ in 0..5 {
            let _ = guard.charge_code(&policy, after(5000), None);
        }
        assert_eq!(guard.for_code(&policy, START, None), Gate::Spent { retry_after: Duration::from_secs(900) });
    }

    #[test]
    fn ten_failures_in_an_hour_lock_and_the_lock_ends() {
        let (mut guard, policy) = (Guard::default(), Policy::default());
        let mut last = Charged::default();
        for n in 0..10 {
            last = guard.charge_code(&policy, after(n / 5 * 900), None);
        }
        assert!(last.locked);
        assert_eq!(guard.for_code(&policy, after(900), None), Gate::Locked { retry_after: Some(policy.lock().lasts) });
        assert_eq!(guard.for_code(&policy, after(900 + 3600), None), Gate::Open { left: 5 });
    }

    #[test]
    fn twenty_in_a_row_disable_until_a_backup_code() {
        let (mut guard, policy) = (Guard::default(), Policy::default());
        let disabled =
            (0..20).map(|n| guard.charge_code(&policy, after(n * 7200), None)).filter(|c| c.disabled).count();
        assert_eq!(disabled, 1);
        assert_eq!(guard.for_code(&policy, after(10_000_000), None), Gate::Locked { retry_after: None });
        assert_eq!(guard.for_recovery(&policy, after(10_000_000)), Gate::Open { left: 5 });
        assert!(guard.unlock(after(10_000_000)));
        assert_eq!(guard.for_code(&policy, after(10_000_000), None), Gate::Open { left: 5 });
    }

    #[test]
    fn the_fifth_failure_of_a_month_is_noticed_once() {
        let (mut guard, policy) = (Guard::default(), Policy::default());
        let noticed: Vec<_> =
            (0..12).map(|day| guard.charge_code(&policy, after(day * 86_400), None).noticed).collect();
        assert_eq!(noticed.iter().filter(|noticed| **noticed).count(), 1);
        assert!(noticed[4]);
        let later: Vec<_> = (40..45).map(|day| guard.charge_code(&policy, after(day * 86_400), None).noticed).collect();
        assert_eq!(later, [false, false, false, false, true]);
    }

    #[test]
    fn strangers_do_not_spend_a_known_devices_budget() {
        let (mut guard, policy, mut device) = (Guard::default(), Policy::default(), device());
        for _ in 0..10 {
            let _ = guard.charge_code(&policy, START, None);
        }
        assert!(guard.is_locked(START));
        assert_eq!(guard.for_code(&policy, START, Some(&device)), Gate::Open { left: 5 });
        for _ in 0..5 {
            let _ = guard.charge_code(&policy, START, Some(&mut device));
        }
        assert!(matches!(guard.for_code(&policy, START, Some(&device)), Gate::Spent { .. }));
    }
}
