use std::io;

use countersign::{Change, History};
use countersign_axum::rfc3339;

use super::Admin;
use crate::{run_error::RunError, settings::UserCommand};

impl<W: io::Write + Send + Sync> Admin<'_, W> {
    /// Does what is to be done with accounts.
    ///
    /// # Errors
    /// When there is no such account, a line of an import cannot be used, or there is no answer.
    pub(crate) async fn user(mut self, command: UserCommand) -> Result<(), RunError> {
        match command {
            UserCommand::Show { who } => self.show(&who).await,
            UserCommand::Unlock { who } => {
                let account = self.account(&who).await?;
                match self.engine.unlock(&account.id).await? {
                    true => self.say("Unlocked."),
                    false => self.say("It was not locked."),
                }
            }
            UserCommand::Import { file, dry_run } => self.import(&file, dry_run).await,
            UserCommand::ResetTwoFactor { who } => {
                let account = self.account(&who).await?;
                match self.engine.reset(&account.id).await? {
                    Change::Done { .. } => {
                        self.say("Reset: the next sign-in leads to a new set-up, and all sessions are over.")
                    }
                    Change::Refused(refusal) => self.say(&format!("Nothing was changed: {refusal}.")),
                }
            }
        }
    }

    async fn show(&mut self, who: &str) -> Result<(), RunError> {
        let account = self.account(who).await?;
        let status = self.engine.status(&account.id).await?;
        let ever = if account.history == History::Enrolled { "yes" } else { "no" };
        let at = |moment: Option<_>| moment.map_or_else(|| "never".to_owned(), rfc3339);
        let lock = match (status.locked, status.locked_until) {
            (false, _) => "no".to_owned(),
            (true, Some(until)) => format!("until {}", rfc3339(until)),
            (true, None) => "until unlocked, or a backup code is used".to_owned(),
        };
        self.say(&format!("id                     {}", account.id))?;
        self.say(&format!("last sign-in           {}", at(account.last_login_at)))?;
        self.say(&format!("second factor          {}", if status.enabled { "on" } else { "off" }))?;
        self.say(&format!("ever had one           {ever}"))?;
        self.say(&format!("backup codes left      {}", status.backup_codes_left))?;
        self.say(&format!("locked                 {lock}"))?;
        for factor in status.factors {
            let used = at(factor.last_used_at);
            self.say(&format!(
                "factor                 {} {} {:?}, last used {used}",
                factor.id, factor.kind, factor.name
            ))?;
        }
        Ok(())
    }
}
