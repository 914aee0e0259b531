use std::sync::Arc;

use countersign_backup_codes::{BackupCode, BackupCodes, CodeSet};

use super::TwoFactor;
use crate::{
    Authority, Beginning, Client, Confirmation, Enroller, Error, FactorId, NewFactor, Refusal,
    decide::{Confirmed, Confirming, Enrolling, FreshCodes, Kind, Turn},
    random::Generator,
};

impl TwoFactor {
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
        let confirm = |turn: &mut Turn<'_>| turn.confirm(ticket, factor, code, Some(FreshCodes(&set)));
        let confirmed: Confirming = self.shell.decide(user, client, confirm).await?;
        Ok(match confirmed {
            Ok(Some(Confirmed { factor, proof })) => Confirmation::Enabled { factor_id: factor, backup_codes, proof },
            Ok(None) => Confirmation::Refused(Refusal::NothingPending),
            Err(refusal) => Confirmation::Refused(refusal),
        })
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

    /// A fresh set, hashed in the pool.
    pub(super) async fn generate_backup_codes(&self) -> Result<(Vec<BackupCode>, CodeSet), Error> {
        let settings = Arc::clone(self.shell.policy.backup_codes());
        let randomness = Arc::clone(&self.shell.randomness);
        let made = self
            .pool
            .run(move |workspace| BackupCodes::generate(&settings, workspace, &mut Generator(&*randomness)))
            .await?;
        made.map_err(|_| Error::SlowHash)
    }
}
