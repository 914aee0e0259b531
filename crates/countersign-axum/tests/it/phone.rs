use serde_json::Value;
use totp_rs::{Builder, Secret, Totp};

/// Somebody's authenticator: codes come from `totp-rs`, never from the code under test.
pub(crate) struct Phone(Totp);

impl Phone {
    /// Adds what `POST /2fa/setup` answered.
    pub(crate) fn scan(setup: &Value) -> Self {
        let algorithm = match setup["algorithm"].as_str().unwrap() {
            "SHA1" => totp_rs::Algorithm::SHA1,
            "SHA256" => totp_rs::Algorithm::SHA256,
            "SHA512" => totp_rs::Algorithm::SHA512,
            other => panic!("{other}"),
        };
        let totp = Builder::new()
            .with_algorithm(algorithm)
            .with_digits(u8::try_from(setup["digits"].as_u64().unwrap()).unwrap())
            .with_step_duration(setup["period"].as_u64().unwrap())
            .with_secret(Secret::try_from_base32(setup["secret"].as_str().unwrap()).unwrap())
            .build()
            .unwrap();
        Self(totp)
    }

    pub(crate) fn code(&self, secs: u64) -> String {
        self.0.generate(secs).to_string()
    }

    /// A code that no step near `secs` has.
    pub(crate) fn wrong(&self, secs: u64) -> String {
        let near: Vec<_> = (0..=40).map(|steps| self.code(secs + steps * 30 - 600)).collect();
        let width = near[0].len();
        (0..).map(|n| format!("{n:0width$}")).find(|code| !near.contains(code)).unwrap()
    }
}
