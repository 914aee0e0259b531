use countersign_clock::Timestamp;
use countersign_otp::{Algorithm, Digits, Period, Secret, Step, Totp};
use countersign_store::UserId;
use countersign_vault::{Context, Purpose, Sealed, Vault};
use serde::{Deserialize, Serialize};

use crate::{Error, FactorId};

/// A factor that answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Factor {
    pub(crate) id: FactorId,
    pub(crate) name: String,
    pub(crate) created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) last_used_at: Option<Timestamp>,
    pub(crate) totp: TotpFactor,
}

/// A factor that has been shown, and waits for the code that says it arrived.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pending {
    pub(crate) factor: Factor,
    pub(crate) expires_at: Timestamp,
}

/// What a time-based factor needs, its secret sealed to this user and factor.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TotpFactor {
    pub(crate) secret: Sealed,
    digits: u8,
    period: u64,
    algorithm: String,
    /// The latest step a code was accepted for. It never moves back.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    last_step: Option<u64>,
}

impl TotpFactor {
    pub(crate) fn new(secret: Sealed, digits: Digits, period: Period, algorithm: Algorithm) -> Self {
        Self {
            secret,
            digits: digits.get(),
            period: period.as_secs(),
            algorithm: algorithm.to_string(),
            last_step: None,
        }
    }

    /// The live generator. A value that does not open or does not hold together refuses.
    pub(crate) fn open(&self, vault: &Vault, user: &UserId, id: FactorId) -> Result<Totp, Error> {
        let bytes = vault.open(&secret_context(user, &id.to_string()), &self.secret).map_err(|_| Error::Unreadable)?;
        let secret = Secret::from_bytes(bytes.expose_bytes()).map_err(|_| Error::Unreadable)?;
        Ok(Totp::new(secret)
            .digits(Digits::try_from(self.digits).map_err(|_| Error::Unreadable)?)
            .period(Period::from_secs(self.period).map_err(|_| Error::Unreadable)?)
            .algorithm(self.algorithm.parse().map_err(|_| Error::Unreadable)?))
    }

    pub(crate) fn last_step(&self) -> Option<Step> {
        self.last_step.map(Step::new)
    }

    /// Claims `step`: from here on neither it nor an earlier one is accepted.
    pub(crate) fn claim(&mut self, step: Step) {
        self.last_step = Some(self.last_step.map_or(step.get(), |last| last.max(step.get())));
    }
}

/// Where a factor's secret is sealed: it opens for this user and this factor, nowhere else.
pub(crate) fn secret_context<'a>(user: &'a UserId, factor: &'a str) -> Context<'a> {
    Context::new(Purpose::SECRET, user.as_str()).factor(factor)
}
