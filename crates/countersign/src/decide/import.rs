use countersign_backup_codes::CodeSet;

use super::{Decision, Turn};
use crate::{
    Error, FactorId, History, ImportProblem,
    account::{BackupSet, Credential, Factor, HotpFactor, Standing, TotpFactor, secret_context},
    event::{Detail, EventKind},
    import::{ImportedCodes, ImportedUser},
};

impl Turn<'_> {
    /// Makes a user of another system one of this: with a live factor that answers from now on.
    pub(crate) fn import(
        &mut self,
        imported: &ImportedUser,
        history: History,
    ) -> Result<Decision<Result<(), ImportProblem>>, Error> {
        let vanished = !self.recorded && history == History::Enrolled;
        if vanished || self.account.has_live_factor() || self.account.standing != Standing::Never {
            return Ok(Decision::Keep(Err(ImportProblem::Enrolled)));
        }
        let backup = match &imported.backup_codes {
            None => None,
            Some((hashes, spelling)) => {
                let hashes: Vec<_> = hashes.iter().map(String::as_str).collect();
                match CodeSet::import(&hashes, *spelling, &mut self.random) {
                    Ok(codes) => Some(BackupSet::new(&codes, self.now)?),
                    Err(_) => return Ok(Decision::Keep(Err(ImportProblem::BackupCodes))),
                }
            }
        };
        let id = FactorId::generate(&mut self.random).map_err(|_| Error::Randomness)?;
        let secret = match &imported.codes {
            ImportedCodes::Totp(totp) => totp.secret(),
            ImportedCodes::Hotp(hotp, _) => hotp.secret(),
        };
        let place = id.to_string();
        let context = secret_context(self.user, &place);
        let sealed = self.vault.seal(&context, secret.expose_bytes(), &mut self.random).map_err(|_| Error::Seal)?;
        let credential = match &imported.codes {
            ImportedCodes::Totp(totp) => {
                Credential::Totp(TotpFactor::new(sealed, totp.get_digits(), totp.get_period(), totp.get_algorithm()))
            }
            ImportedCodes::Hotp(hotp, counter) => {
                Credential::Hotp(HotpFactor::new(sealed, hotp.get_digits(), hotp.get_algorithm(), *counter))
            }
        };
        let factor = Factor {
            id,
            name: imported.name.clone().unwrap_or_else(|| "Authenticator".to_owned()),
            created_at: self.now,
            last_used_at: None,
            strikes: 0,
            credential,
        };
        let method = factor.method();
        let account = &mut self.account;
        account.factors.push(factor);
        account.standing = Standing::Enabled;
        account.enabled_at = Some(self.now);
        account.backup = backup;
        account.raise_epoch(self.now);
        self.note(EventKind::Imported, Detail { factor: Some(id), method: Some(method), ..Detail::default() })?;
        Ok(Decision::Save(Ok(())))
    }
}
