use core::fmt;

use crate::{
    Algorithm, Code, Digits, Match, Period, Secret, Step, UnixTime, Verdict, Window,
    format::Format,
    key::Key,
    search::{Found, search},
};

/// Time-based one-time codes (RFC 6238) of one secret.
///
/// The defaults are what every authenticator understands: SHA-1, six digits, 30 seconds, counted from the Unix epoch. The
/// keyed state is computed once, here; after that a code costs two compressions of the hash and no allocation.
pub struct Totp {
    secret: Secret,
    key: Key,
    algorithm: Algorithm,
    digits: Digits,
    period: Period,
    t0: UnixTime,
}

impl Totp {
    /// The codes of `secret` with the default parameters.
    #[must_use]
    pub fn new(secret: Secret) -> Self {
        let algorithm = Algorithm::default();
        let key = Key::new(&secret, algorithm);
        Self { secret, key, algorithm, digits: Digits::default(), period: Period::default(), t0: UnixTime::default() }
    }

    /// The same secret with another number of digits.
    #[must_use]
    pub fn digits(mut self, digits: Digits) -> Self {
        self.digits = digits;
        self
    }

    /// The same secret with another hash. Many authenticators ignore it and use SHA-1.
    #[must_use]
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        if algorithm != self.algorithm {
            self.key = Key::new(&self.secret, algorithm);
            self.algorithm = algorithm;
        }
        self
    }

    /// The same secret with another period.
    #[must_use]
    pub fn period(mut self, period: Period) -> Self {
        self.period = period;
        self
    }

    /// The same secret with steps counted from `t0` (RFC 6238, section 4.1). Key URIs cannot carry this.
    #[must_use]
    pub fn t0(mut self, t0: UnixTime) -> Self {
        self.t0 = t0;
        self
    }

    /// The code shown during the step of `at`.
    #[must_use]
    pub fn code_at(&self, at: UnixTime) -> Code {
        self.write(self.format(), at)
    }

    /// Checks what somebody typed at `at`.
    ///
    /// `input` is a code if it has exactly as many ASCII digits as this secret's codes; ASCII spaces are skipped, since
    /// authenticators show `287 082`. `after` is the step of the last accepted code, and must come from durable memory
    /// that all checks of this secret share: only a later step is accepted (RFC 6238, section 5.2).
    ///
    /// All steps of the window are computed and compared, whichever matches. Should one code stand at two steps of the
    /// window, the later one is reported.
    pub fn verify(&self, input: &str, at: UnixTime, window: Window, after: Option<Step>) -> Verdict {
        self.check(self.format(), input, at, window, after)
    }

    /// The step that `at` lies in (RFC 6238, section 4.2). A moment before T0 counts as T0.
    #[must_use]
    pub fn step_at(&self, at: UnixTime) -> Step {
        let secs = at.as_secs().saturating_sub(self.t0.as_secs());
        // Dividing by the constant is a multiplication; by a variable it costs as much as half a compression of SHA-1.
        Step::new(if self.period == Period::THIRTY_SECONDS { secs / 30 } else { divide(secs, self.period) })
    }

    /// When the step of `at` ends and the next code begins; the end of time if there is no next step.
    #[must_use]
    pub fn next_code_at(&self, at: UnixTime) -> UnixTime {
        let next = self.step_at(at).get().saturating_add(1);
        UnixTime::from_secs(next.saturating_mul(self.period.as_secs()).saturating_add(self.t0.as_secs()))
    }

    /// The secret behind these codes.
    #[must_use]
    pub const fn secret(&self) -> &Secret {
        &self.secret
    }

    /// How many digits a code has.
    #[must_use]
    pub const fn get_digits(&self) -> Digits {
        self.digits
    }

    /// How long a code lasts.
    #[must_use]
    pub const fn get_period(&self) -> Period {
        self.period
    }

    /// The hash in use.
    #[must_use]
    pub const fn get_algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Where the steps are counted from.
    #[must_use]
    pub const fn get_t0(&self) -> UnixTime {
        self.t0
    }

    pub(crate) fn write(&self, format: Format, at: UnixTime) -> Code {
        Code::new(format, self.key.truncated(self.step_at(at).get()))
    }

    #[inline]
    pub(crate) fn check(
        &self,
        format: Format,
        input: &str,
        at: UnixTime,
        window: Window,
        after: Option<Step>,
    ) -> Verdict {
        let now = self.step_at(at);
        let Some((first, last)) = window.steps(now) else { return Verdict::Wrong };
        match search(&self.key, format, input, first.get(), last.get(), after.map(Step::get)) {
            Found::At(step) => Match::at(Step::new(step), now).map_or(Verdict::Wrong, Verdict::Accepted),
            Found::Stale => Verdict::Replayed,
            Found::Nowhere => Verdict::Wrong,
            Found::Malformed => Verdict::Malformed,
        }
    }

    pub(crate) const fn key(&self) -> &Key {
        &self.key
    }

    pub(crate) const fn format(&self) -> Format {
        Format::Decimal(self.digits)
    }
}

/// Apart, as otherwise the compiler sees that both divisions give the same and keeps only the slow one.
#[cold]
#[inline(never)]
fn divide(secs: u64, period: Period) -> u64 {
    secs / period.as_secs()
}

impl fmt::Debug for Totp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Totp")
            .field("secret", &self.secret)
            .field("algorithm", &self.algorithm)
            .field("digits", &self.digits)
            .field("period", &self.period)
            .field("t0", &self.t0)
            .finish_non_exhaustive()
    }
}
