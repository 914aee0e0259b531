use countersign_backup_codes::BackupCode;
use countersign_clock::Timestamp;
use countersign_store::UserId;

use super::TwoFactor;
use crate::{Change, Client, Epoch, Error, EventKind, FactorId, History, SecondFactorProof, SecretText};

impl TwoFactor {
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
        let replaced = self.shell.decide(user, client, |turn| turn.replace_backup_codes(&proof, &set)).await?;
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

    /// Forgets every known device of this user but the one whose token `client` shows: their tokens are worth nothing from
    /// now on. Gives how many there were. Sessions go on, and the second factor is as it was.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn forget_devices(&self, user: &UserId, client: &Client<'_>) -> Result<usize, Error> {
        self.shell.decide(user, client, |turn| turn.forget_devices()).await
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

    /// Notes [`EventKind::NewDevice`](crate::EventKind::NewDevice) in the account's trail, with the client's address, and
    /// tells the observer; nothing else changes. What a new device is, is the host's to say: call this once the session
    /// has begun, as a sign-in need not fail by it. False, and nothing noted, for a user without a record.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn record_new_device(&self, user: &UserId, client: &Client<'_>) -> Result<bool, Error> {
        self.shell.decide(user, client, |turn| turn.record(EventKind::NewDevice)).await
    }

    /// Notes [`EventKind::TokenReused`](crate::EventKind::TokenReused) in the account's trail, with the client's address, and
    /// tells the observer; nothing else changes. Call this once the session has ended. False, and nothing noted, for a user
    /// without a record.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn record_token_reuse(&self, user: &UserId, client: &Client<'_>) -> Result<bool, Error> {
        self.shell.decide(user, client, |turn| turn.record(EventKind::TokenReused)).await
    }

    /// To be called when the first factor has changed, as by a new password: open tickets, which the old one has opened, and
    /// known devices are worth nothing from now on, and sessions of an older epoch end. Gives the epoch from now on, for the
    /// session that is to stay. Factors, backup codes and what was charged are as they were.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn first_factor_changed(&self, user: &UserId, client: &Client<'_>) -> Result<Epoch, Error> {
        self.shell.decide(user, client, |turn| turn.first_factor_changed()).await
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
}
