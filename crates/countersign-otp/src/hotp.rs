use core::fmt;

use crate::{Algorithm, Code, Digits, Secret, format, key::Key};

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
        Code::new(format::decimal(self.key.truncated(counter), self.digits), self.digits.get())
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
