use std::time::Duration;

use countersign_clock::Timestamp;

use crate::{
    Policy,
    account::{Gate, Guard},
};

/// What a policy is worth: the chance that somebody who has the password, and answers as often as they are let, guesses a
/// code of one time-based factor of the default number of digits.
///
/// # How it is computed
///
/// With `w` steps in the window and `d` digits a random code is right with `p = w / 10^d` (two of the `w` codes may be the
/// same; `p` is then a little less). How many answers are looked at, `n`, is not estimated: the guard that runs in
/// production is run here, by a guesser who answers the moment it opens, with the owner signing in just often enough that
/// the row of failures never grows to its bound. The chance is `1 - (1 - p)^n`.
///
/// A factor's life ends at [`Policy::failures_in_life`], so over a life `n` is that number, however patient the guesser.
///
/// ```
/// let odds = countersign::Policy::default().guess_odds();
/// assert!(odds.per_life < 3e-4);
/// assert_eq!(odds.answers_per_life, 100);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GuessOdds {
    /// Within a day.
    pub per_day: f64,
    /// Within a year of 365 days.
    pub per_year: f64,
    /// Within the life of a factor.
    pub per_life: f64,
    /// How many answers are looked at within a day.
    pub answers_per_day: u64,
    /// Within a year.
    pub answers_per_year: u64,
    /// Within the life of a factor.
    pub answers_per_life: u64,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Policy {
    /// What this policy is worth against guessing.
    #[must_use]
    pub fn guess_odds(&self) -> GuessOdds {
        let life = u64::from(self.failures_in_life());
        let (day, year) = (answers_within(self, DAY, life), answers_within(self, DAY * 365, life));
        GuessOdds {
            per_day: self.odds_of(day),
            per_year: self.odds_of(year),
            per_life: self.odds_of(life),
            answers_per_day: day,
            answers_per_year: year,
            answers_per_life: life,
        }
    }

    /// The chance that one of `answers` random codes is right.
    #[expect(clippy::cast_precision_loss, reason = "a count of answers past 2^52 has odds of one")]
    fn odds_of(&self, answers: u64) -> f64 {
        let steps = f64::from(self.window().back()) + 1.0 + f64::from(self.window().ahead());
        let right = steps / 10_f64.powi(i32::from(self.digits().get()));
        -f64::exp_m1(answers as f64 * f64::ln_1p(-right))
    }
}

/// How many answers the guard looks at within `span`, of a guesser who gives one the moment it opens; `most` end it.
fn answers_within(policy: &Policy, span: Duration, most: u64) -> u64 {
    let start = Timestamp::from_secs(0);
    let end = start.saturating_add(span);
    let (mut guard, mut now, mut answers) = (Guard::default(), start, 0);
    while answers < most {
        match guard.for_code(policy, now, None) {
            Gate::Open { .. } => {
                let _ = guard.charge_code(policy, now, None);
                // The owner signs in now and then; otherwise the row of failures would end it sooner.
                guard.code_accepted();
                answers += 1;
            }
            Gate::Spent { retry_after } | Gate::Locked { retry_after: Some(retry_after) } => {
                now = now.saturating_add(retry_after);
                if now >= end {
                    break;
                }
            }
            Gate::Locked { retry_after: None } => break,
        }
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Allowance;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 0.005 * b
    }

    #[test]
    fn five_a_quarter_without_an_end_would_be_guessed_in_two_years_of_five() {
        // 4 windows an hour, 24 hours, 365 days, 5 answers each: the figure that a budget alone is worth.
        let policy = Policy::default();
        assert!(close(policy.odds_of(4 * 24 * 365 * 5), 0.41), "{}", policy.odds_of(4 * 24 * 365 * 5));
    }

    #[test]
    fn the_lock_slows_a_guesser_to_ten_answers_in_seventy_five_minutes() {
        // 5 at once, 5 after 15 minutes, locked for an hour: 24 h hold 19.2 such rounds, the last half done.
        let answers = answers_within(&Policy::default(), DAY, u64::MAX);
        assert_eq!(answers, 19 * 10 + 5);
    }

    #[test]
    fn a_life_has_an_end_that_no_patience_moves() {
        let odds = Policy::default().guess_odds();
        assert_eq!((odds.answers_per_day, odds.answers_per_year, odds.answers_per_life), (100, 100, 100));
        assert!(close(odds.per_life, 2.9996e-4), "{}", odds.per_life);
        assert!(odds.per_life < 3e-4);
    }

    /// A million factors, each guessed at for its whole life with random codes against three random ones. Seeded: the
    /// same every time. The figure has to lie within five standard deviations of what is computed, which is 29 %.
    #[test]
    fn a_simulation_of_guessing_agrees() {
        let policy = Policy::default();
        let odds = policy.guess_odds();
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut code = || {
            // xorshift64*
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            (state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % 1_000_000
        };
        let lives = 1_000_000;
        let guessed = (0..lives).filter(|_| {
            let right = [code(), code(), code()];
            (0..odds.answers_per_life).any(|_| right.contains(&code()))
        });
        let (guessed, expected) = (guessed.count() as f64, f64::from(lives) * odds.per_life);
        assert!((guessed - expected).abs() < 5.0 * expected.sqrt(), "{guessed} guessed, {expected} computed");
    }

    #[test]
    fn two_more_digits_are_worth_a_hundred_times_as_much() {
        let eight = Policy::builder().digits(crate::otp::Digits::EIGHT).build().unwrap().guess_odds();
        assert!(close(eight.per_life * 100.0, Policy::default().guess_odds().per_life));
    }

    #[test]
    fn a_smaller_allowance_lets_fewer_through() {
        let allow = |limit| {
            let answers = Allowance { limit, window: Duration::from_secs(3600) };
            Policy::builder().answers(answers).build().unwrap()
        };
        assert_eq!(answers_within(&allow(1), DAY, u64::MAX), 24);
        assert_eq!(answers_within(&allow(3), DAY, u64::MAX), 72);
    }
}
