use std::io;

use countersign::{
    store::{Chain, Store as _, UserId},
    vault::{Context, Purpose, Sealed},
};
use countersign_axum::rfc3339;
use countersign_sqlx::SqlStore;
use serde_json::{Value, json};

use super::Admin;
use crate::{
    retention::Retention,
    run_error::RunError,
    settings::{Age, AuditCommand, BadSetting},
};

/// How many trails are looked up at a time.
const PAGE: usize = 500;

impl<W: io::Write + Send + Sync> Admin<'_, W> {
    /// Does what is to be done with the audit trails.
    ///
    /// # Errors
    /// When there is no such account, no answer, or a trail is not as it was written.
    pub(crate) async fn audit(mut self, command: AuditCommand) -> Result<(), RunError> {
        match command {
            AuditCommand::Verify { who: Some(who) } => {
                let id = self.account(&who).await?.id;
                let faults = usize::from(!self.is_whole(&id).await?);
                self.sum_up(1, faults)
            }
            AuditCommand::Verify { who: None } => self.verify_all().await,
            AuditCommand::Prune { who, older_than, rehearse } => self.prune(who, older_than, rehearse).await,
            AuditCommand::Tail { who, limit } => self.tail(&who, limit.into()).await,
        }
    }

    async fn verify_all(&mut self) -> Result<(), RunError> {
        let store = SqlStore::new(self.house.database.clone());
        let (mut after, mut trails, mut faults) = (None, 0, 0);
        loop {
            let page = store.chains(after.as_ref(), PAGE).await?;
            for chain in &page {
                if let Chain::User(user) = chain {
                    trails += 1;
                    faults += usize::from(!self.is_whole(user).await?);
                }
            }
            match page.last() {
                Some(last) if page.len() == PAGE => after = Some(last.clone()),
                _ => return self.sum_up(trails, faults),
            }
        }
    }

    async fn prune(&mut self, who: Option<String>, older_than: Option<String>, rehearse: bool) -> Result<(), RunError> {
        let age = self.age(older_than)?;
        let before = self.house.clock.now().ok_or(RunError::Clock)?.saturating_sub(age.duration());
        let retention = Retention::new(self.engine.clone(), SqlStore::new(self.house.database.clone()));
        let mut kept = match who {
            Some(who) => retention.one(&self.account(&who).await?.id, before, rehearse).await?,
            None => retention.step(None, before, rehearse).await?,
        };
        while let Some(place) = kept.next.take() {
            let more = retention.step(Some(&place), before, rehearse).await?;
            kept.next.clone_from(&more.next);
            kept.add(more);
        }
        let (trails, events) = (kept.trails, kept.events);
        let done = if rehearse { "would be let go of" } else { "are gone" };
        self.say(&format!("{trails} trails looked at: {events} events older than {age} {done}."))?;
        for user in &kept.faults {
            self.say(&format!("{user}: not as it was written, left alone; see `audit verify`"))?;
        }
        if kept.faults.is_empty() { Ok(()) } else { Err(RunError::AuditFault(kept.faults.len())) }
    }

    /// How old events have to be: as it was said, or else as the settings have it.
    fn age(&self, said: Option<String>) -> Result<Age, RunError> {
        match (said, self.house.settings.audit_retention) {
            (Some(said), _) => said
                .parse()
                .map_err(|()| BadSetting::new("--older-than", format!("is {said:?}, no age such as 90d")).into()),
            (None, Some(age)) => Ok(age),
            (None, None) => {
                Err(BadSetting::new("COUNTERSIGN_AUDIT_RETENTION", "is off; say --older-than and how old").into())
            }
        }
    }

    async fn is_whole(&mut self, user: &UserId) -> Result<bool, RunError> {
        match self.engine.verify_trail(user).await?.fault {
            None => Ok(true),
            Some(fault) => {
                self.say(&format!("{user}: {fault:?}"))?;
                Ok(false)
            }
        }
    }

    fn sum_up(&mut self, trails: usize, faults: usize) -> Result<(), RunError> {
        self.say(&format!("{trails} trails checked, {faults} not as they were written."))?;
        if faults == 0 { Ok(()) } else { Err(RunError::AuditFault(faults)) }
    }

    async fn tail(&mut self, who: &str, limit: usize) -> Result<(), RunError> {
        let id = self.account(who).await?.id;
        for event in self.engine.events(&id, limit).await? {
            let mut detail: Value = serde_json::from_str(&event.detail).unwrap_or(Value::Null);
            if let Some(address) = detail["address"].as_str().and_then(|sealed| self.opened(&id, sealed)) {
                detail["address"] = address.into();
            }
            let line = json!({
                "sequence": event.sequence, "at": rfc3339(event.at), "kind": event.kind, "detail": detail,
            });
            self.say(&line.to_string())?;
        }
        Ok(())
    }

    /// The address that an event holds sealed.
    fn opened(&self, user: &UserId, sealed: &str) -> Option<String> {
        let sealed: Sealed = sealed.parse().ok()?;
        let opened = self.house.vault.open(&Context::new(Purpose::ADDRESS, user.as_str()), &sealed).ok()?;
        String::from_utf8(opened.expose_bytes().to_vec()).ok()
    }
}
