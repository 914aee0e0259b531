mod audit;
mod import;
mod rotation;

use std::sync::Arc;

use countersign_backup_codes::{BackupCode, BackupCodes, CodeSet, Digest, Digester};
use countersign_clock::Timestamp;
use countersign_store::UserId;
use zeroize::Zeroizing;

use crate::{
    Answer, Authority, Beginning, Builder, Challenge, Change, Client, Confirmation, Enroller, Epoch, Error, FactorId,
    FactorStatus, HashPool, History, NewFactor, Policy, Purpose, Refusal, SecondFactorProof, SecretText, Status,
    Verification,
    account::TicketKind,
    decide::{
        BackupPreview, BearerToken, Confirmed, Confirming, Enrolling, FreshCodes, Kind, TokenKind, Turn, Typed, Via,
    },
    random::Generator,
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

    /// Puts a pending time-based factor (RFC 6238) beside whatever is live, and shows its secret this once. An older pending
    /// one is replaced; a live one is not touched.
    ///
    /// # Errors
    /// When there is no answer; then nothing is pending that was not before.
    pub async fn begin_totp(
        &self,
        authority: Authority<'_>,
        new: NewFactor<'_>,
        client: &Client<'_>,
    ) -> Result<Beginning, Error> {
        self.begin(Kind::Totp, authority, new, client).await
    }

    /// The same for a counter-based factor (RFC 4226).
    ///
    /// # Errors
    /// As [`begin_totp`](Self::begin_totp).
    pub async fn begin_hotp(
        &self,
        authority: Authority<'_>,
        new: NewFactor<'_>,
        client: &Client<'_>,
    ) -> Result<Beginning, Error> {
        self.begin(Kind::Hotp, authority, new, client).await
    }

    /// Turns a pending factor live with a code of it, which is used by that, and replaces the backup codes. `factor` names
    /// the one that is meant; `None` means the one begun last.
    ///
    /// # Errors
    /// When there is no answer. If a factor turned live all the same, its codes were not seen: sign in with it and
    /// regenerate them.
    pub async fn confirm(
        &self,
        by: Enroller<'_>,
        factor: Option<FactorId>,
        code: &str,
        client: &Client<'_>,
    ) -> Result<Confirmation, Error> {
        let token;
        let (user, ticket) = match by {
            Enroller::User(user) => (user, None),
            Enroller::Ticket(ticket) => {
                let Some(opened) = self.open_ticket(ticket) else {
                    return Ok(Confirmation::Refused(Refusal::TicketInvalid));
                };
                token = opened;
                (token.user(), Some(&token))
            }
        };
        // A wrong code is charged and answered before any slow hash is spent on codes.
        let worth_it = self.shell.decide(user, client, |turn| turn.confirm(ticket, factor, code, None)).await?;
        if let Err(refusal) = worth_it {
            return Ok(Confirmation::Refused(refusal));
        }
        let (backup_codes, set) = self.generate_backup_codes().await?;
        let confirm = |turn: &mut Turn<'_>| turn.confirm(ticket, factor, code, Some(FreshCodes(set.clone())));
        let confirmed: Confirming = self.shell.decide(user, client, confirm).await?;
        Ok(match confirmed {
            Ok(Some(Confirmed { factor, proof })) => Confirmation::Enabled { factor_id: factor, backup_codes, proof },
            Ok(None) => Confirmation::Refused(Refusal::NothingPending),
            Err(refusal) => Confirmation::Refused(refusal),
        })
    }

    /// Looks at the answer to a ticket. A right one redeems the ticket and is claimed before this returns.
    ///
    /// # Errors
    /// When there is no answer; then nobody is signed in, and the ticket may be used up.
    pub async fn verify(&self, ticket: &str, answer: Answer<'_>, client: &Client<'_>) -> Result<Verification, Error> {
        match self.open_ticket(ticket) {
            Some(token) => self.answer(token.user(), Via::Ticket(&token), answer, client).await,
            None => Ok(Verification::Refused(Refusal::TicketInvalid)),
        }
    }

    /// Looks at the answer of a user who has a session that the host vouches for.
    ///
    /// # Errors
    /// When there is no answer; then nothing is raised or changed.
    pub async fn step_up(
        &self,
        user: &UserId,
        purpose: Purpose,
        answer: Answer<'_>,
        client: &Client<'_>,
    ) -> Result<Verification, Error> {
        self.answer(user, Via::Session(purpose), answer, client).await
    }

    /// Turns the second factor off: factors, backup codes, open tickets and known devices are gone.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn disable(&self, proof: SecondFactorProof, client: &Client<'_>) -> Result<Change, Error> {
        self.shell.decide(proof.user(), client, |turn| turn.disable(&proof)).await
    }

    /// Removes one factor. The last one counts as [`disable`](Self::disable).
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn remove_factor(
        &self,
        proof: SecondFactorProof,
        factor: FactorId,
        client: &Client<'_>,
    ) -> Result<Change, Error> {
        self.shell.decide(proof.user(), client, |turn| turn.remove_factor(&proof, factor)).await
    }

    /// Gives a factor another name.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn rename_factor(
        &self,
        user: &UserId,
        factor: FactorId,
        name: &str,
        client: &Client<'_>,
    ) -> Result<Change, Error> {
        self.shell.decide(user, client, |turn| turn.rename_factor(factor, name)).await
    }

    /// Replaces the backup codes; all older ones are dead. The new ones are shown this once.
    ///
    /// # Errors
    /// When there is no answer. If the set was replaced all the same, its codes were not seen: regenerate again.
    pub async fn regenerate_backup_codes(
        &self,
        proof: SecondFactorProof,
        client: &Client<'_>,
    ) -> Result<Change<Vec<BackupCode>>, Error> {
        let user = proof.user();
        if let Err(refusal) = self.shell.look(user, client, |turn| turn.may_regenerate(&proof)).await? {
            return Ok(Change::Refused(refusal));
        }
        let (codes, set) = self.generate_backup_codes().await?;
        let replaced = self.shell.decide(user, client, |turn| turn.replace_backup_codes(&proof, set.clone())).await?;
        Ok(match replaced {
            Change::Done { epoch, value: () } => Change::Done { epoch, value: codes },
            Change::Refused(refusal) => Change::Refused(refusal),
        })
    }

    /// Makes the client that has just signed in with `proof` a known device: from now on it answers from a budget of its
    /// own. `None` when the proof is not a fresh one of a sign-in.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn remember_device(
        &self,
        proof: &SecondFactorProof,
        client: &Client<'_>,
    ) -> Result<Option<SecretText>, Error> {
        self.shell.decide(proof.user(), client, |turn| turn.remember_device(proof)).await
    }

    /// Whether the client shows the token of a device that this user made a known one. For a host's own limits, as those
    /// of the first factor, which strangers are not to spend for the owner.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn is_known_device(&self, user: &UserId, client: &Client<'_>) -> Result<bool, Error> {
        if client.device_token.is_none() {
            return Ok(false);
        }
        self.shell.look(user, client, |turn| turn.device().is_some()).await
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

    /// Notes [`EventKind::NewDevice`](crate::EventKind::NewDevice) in the account's trail, with the client's address, and
    /// tells the observer; nothing else changes. What a new device is, is the host's to say: call this once the session
    /// has begun, as a sign-in need not fail by it. False, and nothing noted, for a user without a record.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn record_new_device(&self, user: &UserId, client: &Client<'_>) -> Result<bool, Error> {
        self.shell.decide(user, client, |turn| turn.record_new_device()).await
    }

    /// For an admin: takes the lock off. False if there was none.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn unlock(&self, user: &UserId) -> Result<bool, Error> {
        self.shell.decide(user, &Client::default(), |turn| turn.unlock()).await
    }

    /// For an admin: from `from` on this account must have a second factor, whatever the policy says; `None` leaves it to
    /// the policy again.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn require_from(
        &self,
        user: &UserId,
        history: History,
        from: Option<Timestamp>,
    ) -> Result<Change, Error> {
        self.shell.decide(user, &Client::default(), |turn| turn.require_from(history, from)).await
    }

    /// For an admin: takes all factors away, so that the next sign-in leads to enrolment again. An admin can neither
    /// read nor choose a secret.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn reset(&self, user: &UserId) -> Result<Change, Error> {
        self.shell.decide(user, &Client::default(), |turn| turn.reset()).await
    }

    async fn begin(
        &self,
        kind: Kind,
        authority: Authority<'_>,
        new: NewFactor<'_>,
        client: &Client<'_>,
    ) -> Result<Beginning, Error> {
        let token;
        let (user, by) = match &authority {
            Authority::Proof(proof) => (proof.user(), Enrolling::Proof(proof)),
            Authority::FirstFactor { user, history } => (*user, Enrolling::FirstFactor(*history)),
            Authority::Ticket(ticket) => {
                let Some(opened) = self.open_ticket(ticket) else {
                    return Ok(Beginning::Refused(Refusal::TicketInvalid));
                };
                token = opened;
                (token.user(), Enrolling::Ticket(&token))
            }
        };
        self.shell.decide(user, client, |turn| turn.begin(&by, kind, &self.issuer, &new)).await
    }

    async fn answer(
        &self,
        user: &UserId,
        via: Via<'_>,
        answer: Answer<'_>,
        client: &Client<'_>,
    ) -> Result<Verification, Error> {
        let typed = match answer {
            Answer::BackupCode(input) => return self.answer_by_backup_code(user, via, input, client).await,
            Answer::Code(code) => Typed::Code(code),
            Answer::Resync { first, second } => Typed::Run(first, second),
        };
        self.shell.decide(user, client, |turn| turn.verify_code(via, typed)).await
    }

    async fn answer_by_backup_code(
        &self,
        user: &UserId,
        via: Via<'_>,
        input: &str,
        client: &Client<'_>,
    ) -> Result<Verification, Error> {
        let digester = match self.shell.look(user, client, |turn| turn.preview_backup_code(via)).await? {
            BackupPreview::Refused(refusal) => return Ok(Verification::Refused(refusal)),
            BackupPreview::Hash(digester) => digester,
        };
        let Some(digest) = self.digest(digester, input).await? else {
            return Ok(Verification::Refused(Refusal::MalformedCode));
        };
        self.shell.decide(user, client, |turn| turn.verify_backup_code(via, &digest)).await
    }

    fn open_ticket(&self, text: &str) -> Option<BearerToken> {
        BearerToken::open(&self.shell.vault, TokenKind::Ticket, text)
    }

    /// The slow hash of a backup code, in the pool; `None` for what cannot be one.
    async fn digest(&self, digester: Digester, input: &str) -> Result<Option<Digest>, Error> {
        if !digester.looks_like_code(input) {
            return Ok(None);
        }
        let input = Zeroizing::new(input.to_owned());
        let digest = self.pool.run(move |workspace| digester.digest(&input, workspace)).await?;
        digest.map(Some).map_err(|_| Error::SlowHash)
    }

    /// A fresh set, hashed in the pool.
    async fn generate_backup_codes(&self) -> Result<(Vec<BackupCode>, CodeSet), Error> {
        let settings = Arc::clone(self.shell.policy.backup_codes());
        let randomness = Arc::clone(&self.shell.randomness);
        let made = self
            .pool
            .run(move |workspace| BackupCodes::generate(&settings, workspace, &mut Generator(&*randomness)))
            .await?;
        made.map_err(|_| Error::SlowHash)
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
