mod hotp;
mod totp;

use countersign_clock::Timestamp;
use countersign_otp::{Match, Secret, UnixTime};
use countersign_store::UserId;
use countersign_vault::{Context, Purpose, Sealed, Vault};
use serde::{Deserialize, Serialize};

pub(crate) use self::{hotp::HotpFactor, totp::TotpFactor};
use super::is_default;
use crate::{Error, FactorId, Hint, Method, Policy};

/// A factor that answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Factor {
    pub(crate) id: FactorId,
    pub(crate) name: String,
    pub(crate) created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) last_used_at: Option<Timestamp>,
    /// Wrong codes of devices that are not known, since this factor lives. Nothing takes them off.
    #[serde(skip_serializing_if = "is_default", default)]
    pub(crate) strikes: u32,
    pub(crate) credential: Credential,
}

/// A factor that has been shown, and waits for the code that says it arrived.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pending {
    pub(crate) factor: Factor,
    pub(crate) expires_at: Timestamp,
}

/// What a factor checks answers with. One module a kind.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Credential {
    Totp(TotpFactor),
    Hotp(HotpFactor),
}

/// What became of an answer, and what has to be claimed before anybody hears of it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Check {
    Accepted(Claim),
    Replayed,
    Wrong,
    Malformed,
}

/// What an accepted answer uses up.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Claim {
    Step(Match),
    /// Every counter before this one.
    Counter(u64),
}

/// Where a factor's secret opens: for this user and this factor, nowhere else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) vault: &'a Vault,
    pub(crate) user: &'a UserId,
    pub(crate) factor: FactorId,
}

impl Factor {
    /// Compares a code with this factor at `at`.
    pub(crate) fn check(
        &self,
        vault: &Vault,
        user: &UserId,
        input: &str,
        at: Timestamp,
        policy: &Policy,
    ) -> Result<Check, Error> {
        let place = Place { vault, user, factor: self.id };
        match &self.credential {
            Credential::Totp(totp) => totp.check(place, input, unix(at), policy.window()),
            Credential::Hotp(hotp) => hotp.check(place, input, policy.look_ahead()),
        }
    }

    /// Looks for a counter-based token that was pressed too often, by two of its codes in a row.
    pub(crate) fn resync(&self, vault: &Vault, user: &UserId, first: &str, second: &str) -> Result<Check, Error> {
        let place = Place { vault, user, factor: self.id };
        match &self.credential {
            // A clock needs no finding; a second code of it is no answer.
            Credential::Totp(_) => Ok(Check::Malformed),
            Credential::Hotp(hotp) => hotp.resync(place, first, second),
        }
    }

    /// Whether a code that is not right is so for other parameters than were shown. For a pending factor, whose secret
    /// its holder has before them; never a reason to accept.
    pub(crate) fn hint(
        &self,
        vault: &Vault,
        user: &UserId,
        input: &str,
        at: Timestamp,
        policy: &Policy,
    ) -> Result<Option<Hint>, Error> {
        let place = Place { vault, user, factor: self.id };
        match &self.credential {
            Credential::Totp(totp) => totp.hint(place, input, unix(at), policy.window()),
            Credential::Hotp(_) => Ok(None),
        }
    }

    /// Uses up what an accepted answer claims.
    pub(crate) fn claim(&mut self, claim: Claim, at: Timestamp) {
        self.last_used_at = Some(at);
        match (&mut self.credential, claim) {
            (Credential::Totp(totp), Claim::Step(found)) => totp.claim(found),
            (Credential::Hotp(hotp), Claim::Counter(next)) => hotp.claim(next),
            // A claim is made by the factor it is for.
            (Credential::Totp(_), Claim::Counter(_)) | (Credential::Hotp(_), Claim::Step(_)) => {}
        }
    }

    pub(crate) const fn method(&self) -> Method {
        match self.credential {
            Credential::Totp(_) => Method::Totp,
            Credential::Hotp(_) => Method::Hotp,
        }
    }
}

impl Credential {
    pub(crate) const fn sealed(&self) -> &Sealed {
        match self {
            Self::Totp(totp) => &totp.secret,
            Self::Hotp(hotp) => &hotp.secret,
        }
    }

    pub(crate) const fn sealed_mut(&mut self) -> &mut Sealed {
        match self {
            Self::Totp(totp) => &mut totp.secret,
            Self::Hotp(hotp) => &mut hotp.secret,
        }
    }
}

impl Claim {
    /// How far the token's clock is off, in steps, where it has one.
    pub(crate) const fn drift(self) -> Option<i8> {
        match self {
            Self::Step(found) => Some(found.drift.steps()),
            Self::Counter(_) => None,
        }
    }
}

impl Place<'_> {
    /// The secret. One that does not open refuses.
    pub(crate) fn open(self, sealed: &Sealed) -> Result<Secret, Error> {
        let factor = self.factor.to_string();
        let bytes = self.vault.open(&secret_context(self.user, &factor), sealed).map_err(|_| Error::Unreadable)?;
        // Short ones are refused at the door, unless an import was told to let them in. What is sealed has been through.
        Secret::danger_from_short_bytes(bytes.expose_bytes()).map_err(|_| Error::Unreadable)
    }
}

/// Where a factor's secret is sealed.
pub(crate) fn secret_context<'a>(user: &'a UserId, factor: &'a str) -> Context<'a> {
    Context::new(Purpose::SECRET, user.as_str()).factor(factor)
}

const fn unix(at: Timestamp) -> UnixTime {
    UnixTime::from_secs(at.as_secs())
}
