use crate::{Code, Secret, Step, Totp, UnixTime, Verdict, Window, format::Format};

/// The five-letter codes of Steam Guard: TOTP with SHA-1 and 30 seconds, written in an alphabet of 26 characters of its own.
///
/// ```
/// use countersign_otp::{Secret, Steam, UnixTime};
///
/// let steam = Steam::new(Secret::from(*b"12345678901234567890"));
/// assert_eq!(steam.code_at(UnixTime::from_secs(59)).as_str(), "PV9M4");
/// ```
#[derive(Debug)]
pub struct Steam(Totp);

impl Steam {
    /// The codes of `secret`.
    #[must_use]
    pub fn new(secret: Secret) -> Self {
        Self(Totp::new(secret))
    }

    /// The code shown during the step of `at`.
    #[must_use]
    pub fn code_at(&self, at: UnixTime) -> Code {
        self.0.write(Format::Steam, at)
    }

    /// Checks what somebody typed at `at`, as [`Totp::verify`] does. `input` is a code if it has exactly five characters of
    /// Steam's alphabet, in upper case; ASCII spaces are skipped.
    pub fn verify(&self, input: &str, at: UnixTime, window: Window, after: Option<Step>) -> Verdict {
        self.0.check(Format::Steam, input, at, window, after)
    }

    /// The step that `at` lies in.
    #[must_use]
    pub fn step_at(&self, at: UnixTime) -> Step {
        self.0.step_at(at)
    }

    /// The secret behind these codes.
    #[must_use]
    pub const fn secret(&self) -> &Secret {
        self.0.secret()
    }
}
