use core::fmt;

use crate::{
    Algorithm, Code, Digits, LookAhead, ResyncReach, Secret,
    format::Format,
    key::Key,
    search::{Found, search, search_run},
};

/// Counter-based one-time codes (RFC 4226) of one secret.
///
/// RFC 4226 knows SHA-1 alone, which is the default; the Key URI format knows the others too.
pub struct Hotp {
    secret: Secret,
    key: Key,
    algorithm: Algorithm,
    digits: Digits,
}

impl Hotp {
    /// The codes of `secret`: SHA-1, six digits.
    #[must_use]
    pub fn new(secret: Secret) -> Self {
        let algorithm = Algorithm::default();
        let key = Key::new(&secret, algorithm);
        Self { secret, key, algorithm, digits: Digits::default() }
    }

    /// The same secret with another number of digits.
    #[must_use]
    pub fn digits(mut self, digits: Digits) -> Self {
        self.digits = digits;
        self
    }

    /// The same secret with another hash.
    #[must_use]
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        if algorithm != self.algorithm {
            self.key = Key::new(&self.secret, algorithm);
            self.algorithm = algorithm;
        }
        self
    }

    /// The code of `counter`.
    #[must_use]
    pub fn code(&self, counter: u64) -> Code {
        Code::new(self.format(), self.key.truncated(counter))
    }

    /// Checks what somebody typed, when `counter` is the first that was not used yet.
    ///
    /// `input` is a code if it has exactly as many ASCII digits as this secret's codes; ASCII spaces are skipped. The codes of
    /// `counter` and of as many after it as `look_ahead` says are all computed and compared, whichever matches; a code beyond
    /// them never moves the counter. Should one code stand at two of them, the later counts. The last counter of 64 bits is never
    /// used, as there is none after it.
    pub fn verify(&self, input: &str, counter: u64, look_ahead: LookAhead) -> HotpVerdict {
        let last = counter.saturating_add(look_ahead.get().into()).min(u64::MAX - 1);
        search(&self.key, self.format(), input, counter, last, None).into()
    }

    /// Finds a token again that was pressed too often without a sign-in: two consecutive codes, or three, tell where it
    /// stands (RFC 4226, section 7.4). `counter` is the first that was not used yet; `reach` says how far ahead the first of the
    /// codes may lie.
    ///
    /// Accepting is as good as a sign-in; charge an attempt for it as for any other.
    pub fn resync(
        &self,
        first: &str,
        second: &str,
        third: Option<&str>,
        counter: u64,
        reach: ResyncReach,
    ) -> HotpVerdict {
        let more = 1 + u64::from(third.is_some());
        let last = counter.saturating_add(reach.get().into()).saturating_add(more).min(u64::MAX - 1);
        search_run(&self.key, self.format(), [Some(first), Some(second), third], counter, last).into()
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

    /// The hash in use.
    #[must_use]
    pub const fn get_algorithm(&self) -> Algorithm {
        self.algorithm
    }

    const fn format(&self) -> Format {
        Format::Decimal(self.digits)
    }
}

impl fmt::Debug for Hotp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hotp")
            .field("secret", &self.secret)
            .field("algorithm", &self.algorithm)
            .field("digits", &self.digits)
            .finish_non_exhaustive()
    }
}

/// What a check of counter-based codes came to. Wrong is an answer, not an error.
#[must_use = "a code that nobody looked at was not checked"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HotpVerdict {
    /// The code is right. **Store the next counter before letting anybody in**; until that is done the same code can be accepted
    /// again.
    Accepted {
        /// The first counter that is not used yet, from now on.
        next_counter: u64,
    },
    /// The code is none of those looked at. The counter stays as it is.
    Wrong,
    /// The input is not of the form of a code, whatever the secret is.
    Malformed,
}

impl HotpVerdict {
    /// The counter to store, if the code was accepted.
    #[must_use]
    pub const fn next_counter(self) -> Option<u64> {
        match self {
            Self::Accepted { next_counter } => Some(next_counter),
            Self::Wrong | Self::Malformed => None,
        }
    }
}

impl From<Found> for HotpVerdict {
    fn from(found: Found) -> Self {
        match found {
            // The searches above end before the last counter, so that one follows.
            Found::At(counter) => {
                counter.checked_add(1).map_or(Self::Wrong, |next_counter| Self::Accepted { next_counter })
            }
            Found::Stale | Found::Nowhere => Self::Wrong,
            Found::Malformed => Self::Malformed,
        }
    }
}
