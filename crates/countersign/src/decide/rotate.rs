use countersign_vault::{KeyId, RotationReport, SweepProgress};

use super::Turn;
use crate::{Error, account::secret_context};

impl Turn<'_> {
    /// Seals the account's secrets under the active key, where they open. True if any was not.
    pub(crate) fn reseal(&mut self, progress: &mut SweepProgress) -> Result<bool, Error> {
        let account = &mut self.account;
        let pending = account.pending.iter_mut().map(|pending| &mut pending.factor);
        let mut changed = false;
        for factor in account.factors.iter_mut().chain(pending) {
            let id = factor.id.to_string();
            let (context, sealed) = (secret_context(self.user, &id), factor.credential.sealed_mut());
            let resealed = progress.reseal(self.vault, &context, sealed, &mut self.random).map_err(|_| Error::Seal)?;
            if let Some(resealed) = resealed {
                *sealed = resealed;
                changed = true;
            }
        }
        Ok(changed)
    }

    /// What [`reseal`](Self::reseal) would do, and which keys the account's secrets need.
    pub(crate) fn rehearse_secrets(&self) -> RotationReport {
        let account = &self.account;
        let mut report = RotationReport::new();
        let pending = account.pending.iter().map(|pending| &pending.factor);
        for factor in account.factors.iter().chain(pending) {
            let id = factor.id.to_string();
            let sealed = factor.credential.sealed();
            report.add(sealed, self.vault.rehearse(&secret_context(self.user, &id), sealed));
        }
        report
    }

    /// Which keys the account's tickets and known devices need.
    pub(crate) fn token_keys(&self) -> Result<RotationReport, Error> {
        let account = &self.account;
        let mut report = RotationReport::new();
        let tickets = account.tickets.iter().map(|ticket| &ticket.id);
        for token in tickets.chain(account.devices.iter().map(|device| &device.id)) {
            report.add_key(token.key().parse::<KeyId>().map_err(|_| Error::Unreadable)?);
        }
        Ok(report)
    }
}
