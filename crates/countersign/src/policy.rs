use std::{sync::Arc, time::Duration};

use countersign_backup_codes::Settings as BackupCodeSettings;
use countersign_otp::{Algorithm, Digits, Period, Window};

/// Every figure that the engine decides by. The default is the one to keep unless there is a reason.
#[derive(Clone, Debug)]
pub struct Policy {
    required: bool,
    digits: Digits,
    algorithm: Algorithm,
    period: Period,
    window: Window,
    backup_codes: Arc<BackupCodeSettings>,
    ticket_lasts: Duration,
    ticket_answers: u32,
    open_tickets: usize,
    setup_lasts: Duration,
    pending_lasts: Duration,
    proof_lasts: Duration,
    factors: usize,
    devices: usize,
    device_lasts: Duration,
    answers: Allowance,
    device_answers: Allowance,
    recovery_answers: Allowance,
    lock: Lock,
    failures_in_row: u32,
    failures_in_life: u32,
}

/// So many wrong answers in a window that begins with the first of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// How many.
    pub limit: u32,
    /// From the first to the moment all are free again.
    pub window: Duration,
}

/// When an account locks, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lock {
    /// So many failures,
    pub failures: u32,
    /// within any stretch as long as this,
    pub within: Duration,
    /// lock for this long.
    pub lasts: Duration,
}

/// A policy that does not hold together, in one sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// An allowance of nothing refuses its owner; one past 100 in its window guards nothing (NIST SP 800-63B-4, 3.2.2).
    #[error("an allowance of wrong answers is from 1 to 100")]
    Answers,
    /// A window of no length never closes; one past a day locks its owner out.
    #[error("the window of an allowance is from one second to one day")]
    Window,
    /// More than 100 failures in a row are past what NIST SP 800-63B-4, 3.2.2 allows.
    #[error("failures in a row before a factor is disabled are from 5 to 100")]
    FailuresInRow,
}

impl Policy {
    /// Starts from the default policy.
    pub fn builder() -> PolicyBuilder {
        PolicyBuilder(Self::default())
    }

    /// Whether every account must have a second factor.
    #[must_use]
    pub const fn required(&self) -> bool {
        self.required
    }

    /// Digits of the codes of a new factor.
    #[must_use]
    pub const fn digits(&self) -> Digits {
        self.digits
    }

    /// The hash under the codes of a new factor.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The period of a new factor.
    #[must_use]
    pub const fn period(&self) -> Period {
        self.period
    }

    /// How many steps back and ahead of the present one a code is looked for.
    #[must_use]
    pub const fn window(&self) -> Window {
        self.window
    }

    /// How backup codes are made and hashed.
    #[must_use]
    pub const fn backup_codes(&self) -> &Arc<BackupCodeSettings> {
        &self.backup_codes
    }

    /// Wrong answers per account, over all factors, instances and clients that are not known devices.
    #[must_use]
    pub const fn answers(&self) -> Allowance {
        self.answers
    }

    /// Wrong answers of one known device.
    #[must_use]
    pub const fn device_answers(&self) -> Allowance {
        self.device_answers
    }

    /// Wrong backup codes while codes are locked.
    #[must_use]
    pub const fn recovery_answers(&self) -> Allowance {
        self.recovery_answers
    }

    /// When an account locks.
    #[must_use]
    pub const fn lock(&self) -> Lock {
        self.lock
    }

    /// How many wrong answers in a row disable the second factor, until a backup code or an admin.
    #[must_use]
    pub const fn failures_in_row(&self) -> u32 {
        self.failures_in_row
    }

    /// How many wrong answers of unknown devices end a factor's life, whatever has been right between.
    #[must_use]
    pub const fn failures_in_life(&self) -> u32 {
        self.failures_in_life
    }

    pub(crate) const fn is_struck_out(&self, strikes: u32) -> bool {
        strikes >= self.failures_in_life
    }

    pub(crate) const fn ticket_lasts(&self) -> Duration {
        self.ticket_lasts
    }

    pub(crate) const fn ticket_answers(&self) -> u32 {
        self.ticket_answers
    }

    pub(crate) const fn open_tickets(&self) -> usize {
        self.open_tickets
    }

    pub(crate) const fn setup_lasts(&self) -> Duration {
        self.setup_lasts
    }

    pub(crate) const fn pending_lasts(&self) -> Duration {
        self.pending_lasts
    }

    pub(crate) const fn proof_lasts(&self) -> Duration {
        self.proof_lasts
    }

    pub(crate) const fn factors(&self) -> usize {
        self.factors
    }

    pub(crate) const fn devices(&self) -> usize {
        self.devices
    }

    /// How long a known device stays known, unless the account's second factor changes before.
    #[must_use]
    pub const fn device_lasts(&self) -> Duration {
        self.device_lasts
    }
}

impl Default for Policy {
    fn default() -> Self {
        const MINUTE: u64 = 60;
        let answers = Allowance { limit: 5, window: Duration::from_secs(15 * MINUTE) };
        Self {
            required: true,
            digits: Digits::SIX,
            algorithm: Algorithm::Sha1,
            period: Period::default(),
            window: Window::default(),
            backup_codes: Arc::default(),
            ticket_lasts: Duration::from_secs(5 * MINUTE),
            ticket_answers: 5,
            open_tickets: 5,
            setup_lasts: Duration::from_secs(15 * MINUTE),
            pending_lasts: Duration::from_secs(10 * MINUTE),
            proof_lasts: Duration::from_secs(5 * MINUTE),
            factors: 5,
            devices: 10,
            device_lasts: Duration::from_secs(30 * 24 * 60 * MINUTE),
            answers,
            device_answers: answers,
            recovery_answers: Allowance { limit: 5, window: Duration::from_secs(60 * MINUTE) },
            lock: Lock {
                failures: 10,
                within: Duration::from_secs(60 * MINUTE),
                lasts: Duration::from_secs(60 * MINUTE),
            },
            failures_in_row: 20,
            failures_in_life: 100,
        }
    }
}

/// Builds a [`Policy`], and refuses one that would not hold.
#[derive(Clone, Debug)]
#[must_use]
pub struct PolicyBuilder(Policy);

impl PolicyBuilder {
    /// Whether every account must have a second factor. Default: it must.
    pub const fn required(mut self, required: bool) -> Self {
        self.0.required = required;
        self
    }

    /// Digits of the codes of new factors. Default: 6.
    pub const fn digits(mut self, digits: Digits) -> Self {
        self.0.digits = digits;
        self
    }

    /// The hash under the codes of new factors. Default: SHA-1, which every authenticator knows.
    pub const fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.0.algorithm = algorithm;
        self
    }

    /// How backup codes are made and hashed.
    pub fn backup_codes(mut self, settings: BackupCodeSettings) -> Self {
        self.0.backup_codes = Arc::new(settings);
        self
    }

    /// Wrong answers per account, and the same again for each known device. Default: 5 in 15 minutes.
    pub const fn answers(mut self, answers: Allowance) -> Self {
        self.0.answers = answers;
        self.0.device_answers = answers;
        self
    }

    /// How many wrong answers in a row disable the second factor. Default: 20.
    pub const fn failures_in_row(mut self, failures: u32) -> Self {
        self.0.failures_in_row = failures;
        self
    }

    /// The policy.
    ///
    /// # Errors
    /// [`PolicyError`] names the figure that would not hold.
    pub fn build(self) -> Result<Policy, PolicyError> {
        let policy = self.0;
        for Allowance { limit, window } in [policy.answers, policy.device_answers, policy.recovery_answers] {
            if !(1..=100).contains(&limit) {
                return Err(PolicyError::Answers);
            }
            if window < Duration::from_secs(1) || window > Duration::from_secs(24 * 60 * 60) {
                return Err(PolicyError::Window);
            }
        }
        if !(5..=100).contains(&policy.failures_in_row) {
            return Err(PolicyError::FailuresInRow);
        }
        Ok(policy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_holds() {
        assert!(Policy::builder().build().is_ok());
    }

    #[test]
    fn figures_that_guard_nothing_are_refused() {
        let allow =
            |limit, secs| Policy::builder().answers(Allowance { limit, window: Duration::from_secs(secs) }).build();
        assert_eq!(allow(0, 60).unwrap_err(), PolicyError::Answers);
        assert_eq!(allow(101, 60).unwrap_err(), PolicyError::Answers);
        assert_eq!(allow(5, 0).unwrap_err(), PolicyError::Window);
        assert_eq!(allow(5, 86_401).unwrap_err(), PolicyError::Window);
        assert_eq!(Policy::builder().failures_in_row(101).build().unwrap_err(), PolicyError::FailuresInRow);
    }
}
