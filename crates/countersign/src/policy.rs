use std::{sync::Arc, time::Duration};

use countersign_backup_codes::Settings as BackupCodeSettings;
use countersign_otp::{Algorithm, Digits, LookAhead, Period, Window};

mod builder;

pub use builder::PolicyBuilder;

/// Every figure that the engine decides by. The default is the one to keep unless there is a reason.
#[derive(Clone, Debug)]
pub struct Policy {
    required: bool,
    digits: Digits,
    algorithm: Algorithm,
    period: Period,
    window: Window,
    look_ahead: LookAhead,
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
    /// A lock that needs no failure, looks back no time or lasts none is none.
    #[error("a lock takes 1 to 1000 failures, looks back a second to a day, and lasts a second to a week")]
    Lock,
    /// A factor whose life never ends can be guessed, and one that ends at once helps nobody.
    #[error("failures in the life of a factor are from 10 to 1000000")]
    FailuresInLife,
    /// A guess at a factor of this policy is likelier than [`Policy::MOST_ODDS`] over its life.
    #[error("a guess is likelier than 3 in 10000 over the life of a factor")]
    GuessOdds,
    /// More than 100 failures in a row are past what NIST SP 800-63B-4, 3.2.2 allows.
    #[error("failures in a row before a factor is disabled are from 5 to 100")]
    FailuresInRow,
}

impl Policy {
    /// The likeliest that a guess may be over the life of a factor: a hundred answers at six digits and three steps (NIST
    /// SP 800-63B-4, section 3.2.2).
    pub const MOST_ODDS: f64 = 3e-4;

    /// Starts from the default policy.
    pub fn builder() -> PolicyBuilder {
        PolicyBuilder::new(Self::default())
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

    /// How many presses a counter-based token may be ahead.
    #[must_use]
    pub const fn look_ahead(&self) -> LookAhead {
        self.look_ahead
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
            look_ahead: LookAhead::default(),
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
