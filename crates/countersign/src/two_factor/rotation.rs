use countersign_store::{AuditQuery, UserId};
use countersign_vault::{KeyId, RotationReport, SweepProgress};

use super::TwoFactor;
use crate::{
    Client, Error,
    decide::{Decision, Turn},
};

/// How far a sweep has come.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swept {
    /// To be stored, and handed in again: a sweep that was killed goes on from here.
    pub progress: SweepProgress,
    /// Whether every user has been visited.
    pub done: bool,
}

/// What a rehearsal found of some users.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rehearsed {
    /// What a sweep would do with their sealed secrets, and which keys those need.
    pub secrets: RotationReport,
    /// Which keys their tickets and known devices need.
    pub tokens: RotationReport,
    /// Which keys their audit trails need.
    pub trail: RotationReport,
    /// Where the rehearsal goes on; `None` when every user has been visited.
    pub next: Option<UserId>,
}

impl Rehearsed {
    /// All three together.
    #[must_use]
    pub fn report(&self) -> RotationReport {
        let mut report = self.secrets.clone();
        report.merge(&self.tokens);
        report.merge(&self.trail);
        report
    }
}

const PAGE: usize = 500;

impl TwoFactor {
    /// Begins a sweep that seals everything under the active key.
    #[must_use]
    pub fn start_sweep(&self) -> SweepProgress {
        SweepProgress::start(&self.shell.vault)
    }

    /// Goes on with a sweep, over up to `users` more users. Each is a save of its own: at any moment every value opens
    /// with exactly one key of the ring. Values that do not open are counted and left as they are.
    ///
    /// Tickets and known devices are not sealed anew; they need the key they were made under until they end. Nor is the
    /// audit trail: an event's address and its link in the chain need the key of their time.
    ///
    /// # Errors
    /// When there is no answer. Go on from the progress that was stored last.
    pub async fn sweep(&self, progress: SweepProgress, users: usize) -> Result<Swept, Error> {
        let mut progress = SweepProgress::resume(progress, &self.shell.vault);
        let after = progress.after().map(UserId::new).transpose().map_err(Error::Store)?;
        let page = self.shell.store.users(after.as_ref(), users).await.map_err(Error::Store)?;
        for user in &page {
            // Decided again after a conflict, it is counted once.
            let start = progress.clone();
            let reseal = |turn: &mut Turn<'_>| {
                let mut progress = start.clone();
                let changed = turn.reseal(&mut progress)?;
                Ok(if changed { Decision::Save(progress) } else { Decision::Keep(progress) })
            };
            progress = self.shell.decide(user, &Client::default(), reseal).await?;
            progress.finish_row(user.as_str());
        }
        Ok(Swept { progress, done: page.len() < users })
    }

    /// Looks at up to `users` users after `after`, and writes nothing: what would a sweep do, what does not open any more,
    /// which keys are needed, by what is sealed, by tickets and devices, and by the audit trail.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn rehearse_sweep(&self, after: Option<&UserId>, users: usize) -> Result<Rehearsed, Error> {
        let page = self.shell.store.users(after, users).await.map_err(Error::Store)?;
        let (mut secrets, mut tokens) = (RotationReport::new(), RotationReport::new());
        let mut trail = RotationReport::new();
        for user in &page {
            let rehearse = |turn: &Turn<'_>| Ok::<_, Error>((turn.rehearse_secrets(), turn.token_keys()?));
            let (of_secrets, of_tokens) = self.shell.look(user, &Client::default(), rehearse).await??;
            secrets.merge(&of_secrets);
            tokens.merge(&of_tokens);
            self.add_trail_keys(user, &mut trail).await?;
        }
        let next = (page.len() == users).then(|| page.last().cloned()).flatten();
        Ok(Rehearsed { secrets, tokens, trail, next })
    }

    async fn add_trail_keys(&self, user: &UserId, report: &mut RotationReport) -> Result<(), Error> {
        let mut last = 0;
        loop {
            let query = AuditQuery::oldest(user.clone(), PAGE).after(last);
            let events = self.shell.store.audit(&query).await.map_err(Error::Store)?;
            let Some(event) = events.last() else { return Ok(()) };
            last = event.sequence;
            for event in &events {
                report.add_key(event.key_id.parse::<KeyId>().map_err(|_| Error::Unreadable)?);
            }
        }
    }
}
