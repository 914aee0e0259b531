use core::fmt;

use crate::{
    Algorithm, Code, Digits, Drift, Match, Period, Secret, Step, UnixTime, Verdict, Window, format,
    key::Key,
    search::{Found, Search},
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
        let step = self.step_at(at);
        Code::new(format::decimal(self.key.truncated(step.get()), self.digits), self.digits.get())
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
        let Some(candidate) = format::read_decimal(input, self.digits) else { return Verdict::Malformed };
        let now = self.step_at(at);
        let mut search = Search::new(candidate);
        for drift in window.drifts() {
            // Steps before the first and after the last do not exist.
            let Some(step) = now.offset(drift.steps().into()) else { continue };
            let code = format::decimal(self.key.truncated(step.get()), self.digits);
            search.compare(code, drift.steps().into(), after.is_none_or(|after| step > after));
        }
        match search.finish() {
            Found::At(place) => Match::at(now, place).map_or(Verdict::Wrong, Verdict::Accepted),
            Found::Stale => Verdict::Replayed,
            Found::Nowhere => Verdict::Wrong,
            Found::Malformed => Verdict::Malformed,
        }
    }

    /// The step that `at` lies in (RFC 6238, section 4.2). A moment before T0 counts as T0.
    #[must_use]
    pub fn step_at(&self, at: UnixTime) -> Step {
        Step::new(at.as_secs().saturating_sub(self.t0.as_secs()) / self.period.as_secs())
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

impl Match {
    /// The match at `place` steps from `now`; a window's places are within the bounds of a drift.
    fn at(now: Step, place: i64) -> Option<Self> {
        let drift = Drift::new(i8::try_from(place).ok()?).ok()?;
        Some(Self { step: now.offset(place)?, drift })
    }
}
