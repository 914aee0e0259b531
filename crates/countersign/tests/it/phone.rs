use countersign::{Enrolment, otp::Algorithm};
use totp_rs::{Builder, Secret, Totp};

/// Somebody's authenticator: codes come from `totp-rs`, never from the code under test.
pub(crate) struct Phone(Totp);

impl Phone {
    pub(crate) fn scan(enrolment: &Enrolment) -> Self {
        let algorithm = match enrolment.algorithm {
            Algorithm::Sha1 => totp_rs::Algorithm::SHA1,
            Algorithm::Sha256 => totp_rs::Algorithm::SHA256,
            Algorithm::Sha512 => totp_rs::Algorithm::SHA512,
        };
        let totp = Builder::new()
            .with_algorithm(algorithm)
            .with_digits(enrolment.digits.get())
            .with_step_duration(enrolment.period.unwrap().as_secs())
            .with_secret(Secret::try_from_base32(enrolment.secret.expose_str()).unwrap())
            .build()
            .unwrap();
        Self(totp)
    }

    /// The code `steps` steps from the one at `secs`.
    pub(crate) fn code(&self, secs: u64, steps: i64) -> String {
        self.0.generate(secs.checked_add_signed(steps * 30).unwrap()).to_string()
    }

    /// A code that no step near `secs` has.
    pub(crate) fn wrong(&self, secs: u64) -> String {
        let near: Vec<_> = (-20..=20).map(|steps| self.code(secs, steps)).collect();
        let width = near[0].len();
        (0..).map(|n| format!("{n:0width$}")).find(|code| !near.contains(code)).unwrap()
    }
}
