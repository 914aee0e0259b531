use std::sync::Arc;

use countersign::vault::{Purpose, Vault};
use countersign_axum::{ClientAddress, Problem, Requester};
use countersign_rate_limit::{Charge, Decision, Quota, RateLimiter};

use crate::{accounts::Account, email::EmailAddress};

/// How many wrong passwords an account has.
///
/// So many for one client network, ten times as many over all networks, as many again for each known device, and as many
/// for whoever is signed in: those two strangers cannot spend. A name that is no account's has the same limits.
#[derive(Clone, Debug)]
pub(crate) struct LoginLimits {
    limiter: Arc<dyn RateLimiter>,
    vault: Arc<Vault>,
    per_network: Quota,
    per_account: Quota,
}

/// What a try has been charged to, to be given back if the password is right.
#[derive(Debug)]
#[must_use = "a right password gives back what it was charged"]
pub(crate) struct Charged(Vec<(String, Quota)>);

/// Whose password is tried.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tried<'a> {
    /// An account's.
    Account(&'a Account),
    /// Nobody's: this text names no account.
    Nobody(&'a str),
}

/// Where it is tried from, which says who may run out of tries by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TriedFrom {
    /// Anywhere: by whoever knows the address.
    Anywhere,
    /// A known device of the account.
    KnownDevice,
    /// A session of the account.
    Session,
}

const UNKNOWN_NAME: Purpose = Purpose::new("countersign-server/login-limit");

impl LoginLimits {
    /// Limits of so many wrong passwords for an account and a client network.
    #[must_use]
    pub(crate) fn new(limiter: Arc<dyn RateLimiter>, vault: Arc<Vault>, per_network: Quota) -> Self {
        let tenfold = per_network.limit().saturating_mul(10).min(Quota::MAX_LIMIT);
        let per_account = Quota::new(tenfold, per_network.window()).unwrap_or(per_network).shape(per_network.counted());
        Self { limiter, vault, per_network, per_account }
    }

    /// Charges one try before the password is looked at.
    ///
    /// # Errors
    /// 429 where there is no room, 503 where that cannot be told.
    pub(crate) async fn charge(
        &self,
        tried: Tried<'_>,
        from: TriedFrom,
        requester: &Requester,
    ) -> Result<Charged, Problem> {
        let name = match tried {
            Tried::Account(account) => account.id.to_string(),
            // One name for each spelling, as an account has; the text itself stays out of the limiter.
            Tried::Nobody(text) => {
                let folded =
                    text.parse::<EmailAddress>().map_or_else(|_| text.to_owned(), |email| email.as_str().to_owned());
                self.vault.lookup_hash(UNKNOWN_NAME, folded.as_bytes()).to_string()
            }
        };
        let charged = match (from, requester.device_token()) {
            (TriedFrom::Session, _) => vec![(format!("password:session:{name}"), self.per_network)],
            (TriedFrom::KnownDevice, Some(token)) => {
                let device = self.vault.lookup_hash(UNKNOWN_NAME, token.as_bytes());
                vec![(format!("password:device:{device}"), self.per_network)]
            }
            _ => {
                let network = requester.address().map(ClientAddress::network);
                let network = network.map_or_else(|| "unknown".to_owned(), |network| network.to_string());
                vec![
                    (format!("password:network:{name}:{network}"), self.per_network),
                    (format!("password:account:{name}"), self.per_account),
                ]
            }
        };
        match self.limiter.take(&charges(&charged)).await {
            Ok(Decision::Allowed { .. }) => Ok(Charged(charged)),
            Ok(Decision::Denied { retry_after }) => {
                Err(Problem::rate_limited(retry_after).detail("Too many wrong passwords"))
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the rate limiter could not decide");
                Err(Problem::unavailable())
            }
        }
    }

    /// Gives a try back: the password was right, or was not looked at.
    pub(crate) async fn give_back(&self, charged: Charged) {
        // What is not given back runs out by itself.
        if let Err(error) = self.limiter.give_back(&charges(&charged.0)).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a try was not given back");
        }
    }
}

fn charges(charged: &[(String, Quota)]) -> Vec<Charge<'_>> {
    charged.iter().map(|(key, quota)| Charge::new(key, *quota)).collect()
}
