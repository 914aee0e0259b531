use countersign_backup_codes::{Digest, Digester};
use countersign_store::UserId;
use zeroize::Zeroizing;

use super::TwoFactor;
use crate::{
    Answer, Client, Error, Purpose, Refusal, Verification,
    decide::{BackupPreview, Typed, Via},
    shell::tell_refused,
};

impl TwoFactor {
    /// Looks at the answer to a ticket. A right one redeems the ticket and is claimed before this returns.
    ///
    /// # Errors
    /// When there is no answer; then nobody is signed in, and the ticket may be used up.
    pub async fn verify(&self, ticket: &str, answer: Answer<'_>, client: &Client<'_>) -> Result<Verification, Error> {
        let verification = match self.open_ticket(ticket) {
            Some(token) => self.answer(token.user(), Via::Ticket(&token), answer, client).await?,
            None => Verification::Refused(Refusal::TicketInvalid),
        };
        Ok(told(verification, client))
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
        Ok(told(self.answer(user, Via::Session(purpose), answer, client).await?, client))
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
        let digester = match self.shell.look(user, client, |turn| turn.preview_backup_code(via)).await?? {
            BackupPreview::Refused(refusal) => return Ok(Verification::Refused(refusal)),
            BackupPreview::Hash(digester) => digester,
        };
        let Some(digest) = self.digest(digester, input).await? else {
            return Ok(Verification::Refused(Refusal::MalformedCode));
        };
        self.shell.decide(user, client, |turn| turn.verify_backup_code(via, &digest)).await
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
}

/// The same, with a word about a refusal that nothing was saved for; a wrong code has an event of its own.
fn told(verification: Verification, client: &Client<'_>) -> Verification {
    if let Verification::Refused(refusal) = &verification
        && !matches!(refusal, Refusal::WrongCode { .. })
    {
        tell_refused(client, refusal);
    }
    verification
}
