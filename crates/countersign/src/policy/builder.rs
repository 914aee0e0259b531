use std::{sync::Arc, time::Duration};

use countersign_backup_codes::Settings as BackupCodeSettings;
use countersign_otp::{Algorithm, Digits, LookAhead, Period, Window};

use super::{Allowance, Lock, Policy, PolicyError};

/// Builds a [`Policy`], and refuses one that would not hold.
#[derive(Clone, Debug)]
#[must_use]
pub struct PolicyBuilder {
    policy: Policy,
    any_odds: bool,
}

impl PolicyBuilder {
    pub(super) const fn new(policy: Policy) -> Self {
        Self { policy, any_odds: false }
    }

    /// Whether every account must have a second factor. Default: it must.
    pub const fn required(mut self, required: bool) -> Self {
        self.policy.required = required;
        self
    }

    /// Digits of the codes of new factors. Default: 6.
    pub const fn digits(mut self, digits: Digits) -> Self {
        self.policy.digits = digits;
        self
    }

    /// The hash under the codes of new factors. Default: SHA-1, which every authenticator knows.
    pub const fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.policy.algorithm = algorithm;
        self
    }

    /// The period of new factors. Default: 30 seconds, which every authenticator knows.
    pub const fn period(mut self, period: Period) -> Self {
        self.policy.period = period;
        self
    }

    /// How many steps back and ahead a code is looked for. Default: one either side.
    pub const fn window(mut self, window: Window) -> Self {
        self.policy.window = window;
        self
    }

    /// How many presses a counter-based token may be ahead. Default: five.
    pub const fn look_ahead(mut self, look_ahead: LookAhead) -> Self {
        self.policy.look_ahead = look_ahead;
        self
    }

    /// How backup codes are made and hashed.
    pub fn backup_codes(mut self, settings: BackupCodeSettings) -> Self {
        self.policy.backup_codes = Arc::new(settings);
        self
    }

    /// Wrong answers per account, and the same again for each known device. Default: 5 in 15 minutes.
    pub const fn answers(mut self, answers: Allowance) -> Self {
        self.policy.answers = answers;
        self.policy.device_answers = answers;
        self
    }

    /// When an account locks. Default: after 10 failures within an hour, for an hour.
    pub const fn lock(mut self, lock: Lock) -> Self {
        self.policy.lock = lock;
        self
    }

    /// How many wrong answers in a row disable the second factor. Default: 20.
    pub const fn failures_in_row(mut self, failures: u32) -> Self {
        self.policy.failures_in_row = failures;
        self
    }

    /// How many wrong answers of unknown devices end a factor's life. Default: 100.
    pub const fn failures_in_life(mut self, failures: u32) -> Self {
        self.policy.failures_in_life = failures;
        self
    }

    /// Takes a policy under which a guess is likelier than [`Policy::MOST_ODDS`] over the life of a factor. Look at
    /// [`Policy::guess_odds`] before.
    pub const fn danger_any_guess_odds(mut self) -> Self {
        self.any_odds = true;
        self
    }

    /// The policy.
    ///
    /// # Errors
    /// [`PolicyError`] names the figure that would not hold.
    pub fn build(self) -> Result<Policy, PolicyError> {
        let Self { policy, any_odds } = self;
        let from_a_second_to = |longest: Duration, value: Duration| value >= SECOND && value <= longest;
        for Allowance { limit, window } in [policy.answers, policy.device_answers, policy.recovery_answers] {
            if !(1..=100).contains(&limit) {
                return Err(PolicyError::Answers);
            }
            if !from_a_second_to(DAY, window) {
                return Err(PolicyError::Window);
            }
        }
        let Lock { failures, within, lasts } = policy.lock;
        let lock_holds = from_a_second_to(DAY, within) && from_a_second_to(DAY * 7, lasts);
        if !((1..=1000).contains(&failures) && lock_holds) {
            return Err(PolicyError::Lock);
        }
        if !(5..=100).contains(&policy.failures_in_row) {
            return Err(PolicyError::FailuresInRow);
        }
        if !(10..=1_000_000).contains(&policy.failures_in_life) {
            return Err(PolicyError::FailuresInLife);
        }
        if !any_odds && policy.guess_odds().per_life > Policy::MOST_ODDS {
            return Err(PolicyError::GuessOdds);
        }
        Ok(policy)
    }
}

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_holds() {
        assert!(Policy::builder().build().is_ok());
    }

    #[test]
    fn a_policy_that_can_be_guessed_needs_the_word_danger() {
        let wide = || Policy::builder().window(Window::new(2, 2).unwrap());
        assert_eq!(wide().build().unwrap_err(), PolicyError::GuessOdds);
        assert!(wide().danger_any_guess_odds().build().is_ok());
        assert!(wide().failures_in_life(60).build().is_ok());
        assert_eq!(Policy::builder().failures_in_life(101).build().unwrap_err(), PolicyError::GuessOdds);
    }

    #[test]
    fn figures_that_guard_nothing_are_refused() {
        let allow =
            |limit, secs| Policy::builder().answers(Allowance { limit, window: Duration::from_secs(secs) }).build();
        assert_eq!(allow(0, 60).unwrap_err(), PolicyError::Answers);
        assert_eq!(allow(101, 60).unwrap_err(), PolicyError::Answers);
        assert_eq!(allow(5, 0).unwrap_err(), PolicyError::Window);
        assert_eq!(allow(5, 86_401).unwrap_err(), PolicyError::Window);
        let lock = |failures, within, lasts| {
            let (within, lasts) = (Duration::from_secs(within), Duration::from_secs(lasts));
            Policy::builder().lock(Lock { failures, within, lasts }).build()
        };
        assert!(lock(10, 86_400, 7 * 86_400).is_ok());
        for (failures, within, lasts) in [
            (0, 3600, 3600),
            (1001, 3600, 3600),
            (10, 0, 3600),
            (10, 86_401, 3600),
            (10, 3600, 0),
            (10, 3600, 7 * 86_400 + 1),
        ] {
            assert_eq!(lock(failures, within, lasts).unwrap_err(), PolicyError::Lock, "{failures} {within} {lasts}");
        }
        assert_eq!(Policy::builder().failures_in_life(9).build().unwrap_err(), PolicyError::FailuresInLife);
        assert_eq!(Policy::builder().failures_in_row(101).build().unwrap_err(), PolicyError::FailuresInRow);
    }
}
