mod answer;
mod audit;
mod enrol;
mod import;
mod manage;
mod rotation;

use std::sync::Arc;

use countersign_store::UserId;

use crate::{
    Builder, Challenge, Client, Epoch, Error, FactorStatus, HashPool, History, Policy, Status,
    account::TicketKind,
    decide::{BearerToken, TokenKind, Turn},
    shell::Shell,
};

pub use self::{
    audit::{TrailFault, TrailReport},
    import::ImportedLine,
    rotation::{Rehearsed, Swept},
};

/// The engine: everything about a second factor apart from HTTP, on any store.
///
/// Cheaply cloned; clones are one engine. Any number of engines may work on one store, in any number of processes: what
/// is accepted once is accepted once among all of them.
#[derive(Clone, Debug)]
pub struct TwoFactor {
    shell: Arc<Shell>,
    pool: HashPool,
    issuer: Arc<str>,
}

impl TwoFactor {
    /// Begins to put an engine together.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn assemble(shell: Shell, pool: HashPool, issuer: Arc<str>) -> Self {
        Self { shell: Arc::new(shell), pool, issuer }
    }

    /// What this engine decides by.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.shell.policy
    }

    /// Where the slow hashes run. A host hashes its passwords there too, so that there is one bound on all of them.
    #[must_use]
    pub const fn hash_pool(&self) -> &HashPool {
        &self.pool
    }

    /// What follows for `user`, whose first factor has just been shown: the one gate for every way of signing in.
    ///
    /// # Errors
    /// When there is no answer; then nobody is signed in.
    pub async fn after_first_factor(
        &self,
        user: &UserId,
        history: History,
        client: &Client<'_>,
    ) -> Result<Challenge, Error> {
        self.shell.decide(user, client, |turn| turn.after_first_factor(history)).await
    }

    /// Whose set-up ticket this is, if it is one and open.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn setup_holder(&self, ticket: &str) -> Result<Option<UserId>, Error> {
        let Some(token) = self.open_ticket(ticket) else { return Ok(None) };
        let holds = |turn: &Turn<'_>| turn.ticket(&token, TicketKind::Setup).is_some();
        let open = self.shell.look(token.user(), &Client::default(), holds).await?;
        Ok(open.then(|| token.user().clone()))
    }

    /// Whose ticket this is, as it says of itself: it was made here, but may have been redeemed or have expired since.
    #[must_use]
    pub fn ticket_user(&self, ticket: &str) -> Option<UserId> {
        self.open_ticket(ticket).map(|token| token.user().clone())
    }

    /// How the account stands.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn status(&self, user: &UserId) -> Result<Status, Error> {
        self.shell.look(user, &Client::default(), status).await
    }

    /// The epoch that a session of this user has to have begun under.
    ///
    /// # Errors
    /// When there is no answer; then the session does not hold.
    pub async fn epoch(&self, user: &UserId) -> Result<Epoch, Error> {
        self.shell.look(user, &Client::default(), |turn| turn.account.epoch).await
    }

    fn open_ticket(&self, text: &str) -> Option<BearerToken> {
        BearerToken::open(&self.shell.vault, TokenKind::Ticket, text)
    }
}

fn status(turn: &Turn<'_>) -> Status {
    let account = &turn.account;
    Status {
        enabled: account.has_live_factor(),
        required: account.is_required(turn.policy, turn.now),
        factors: account
            .factors
            .iter()
            .map(|factor| FactorStatus {
                id: factor.id,
                kind: factor.method(),
                name: factor.name.clone(),
                created_at: factor.created_at,
                last_used_at: factor.last_used_at,
                struck_out: turn.policy.is_struck_out(factor.strikes),
            })
            .collect(),
        enabled_at: account.enabled_at,
        backup_codes_left: account.backup_codes_left(),
        backup_codes_generated_at: account.backup.as_ref().map(|set| set.generated_at),
        locked_until: account.guard.locked_until(turn.now),
        locked: account.guard.is_locked(turn.now) || account.is_struck_out(turn.policy),
        epoch: account.epoch,
        pending: !account.pending.is_empty(),
    }
}
