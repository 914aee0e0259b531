use countersign_backup_codes::CodeSet;
use countersign_clock::Timestamp;

use super::{
    Decision, Turn,
    token::{TokenKind, ends, issue},
};
use crate::{
    Change, Epoch, Error, FactorId, History, Method, Purpose, Refusal, SecondFactorProof,
    account::{BackupSet, Device, Standing},
    event::{Detail, EventKind},
    secret_text::SecretText,
};

impl Turn<'_> {
    /// Turns the second factor off.
    pub(crate) fn disable(&mut self, proof: &SecondFactorProof) -> Result<Decision<Change>, Error> {
        if let Err(refusal) = self.check_proof(proof, Purpose::Manage) {
            return Ok(refused(refusal));
        }
        if self.account.is_required(self.policy, self.now) {
            return Ok(refused(Refusal::RequiredByPolicy));
        }
        self.strip(Standing::TurnedOff, EventKind::TurnedOff)
    }

    /// Removes one factor; the last one turns the second factor off.
    pub(crate) fn remove_factor(&mut self, proof: &SecondFactorProof, id: FactorId) -> Result<Decision<Change>, Error> {
        if let Err(refusal) = self.check_proof(proof, Purpose::Manage) {
            return Ok(refused(refusal));
        }
        let Some(factor) = self.account.factor_mut(id) else { return Ok(refused(Refusal::NoSuchFactor)) };
        let detail = Detail { factor: Some(id), method: Some(factor.method()), ..Detail::default() };
        if self.account.factors.len() == 1 {
            return self.disable(proof);
        }
        self.account.factors.retain(|factor| factor.id != id);
        self.account.raise_epoch(self.now);
        self.note(EventKind::FactorRemoved, detail)?;
        Ok(Decision::Save(self.done(())))
    }

    /// Gives a factor another name. A name opens nothing: no proof, no new epoch.
    pub(crate) fn rename_factor(&mut self, id: FactorId, name: &str) -> Result<Decision<Change>, Error> {
        let Some(factor) = self.account.factor_mut(id) else { return Ok(refused(Refusal::NoSuchFactor)) };
        name.clone_into(&mut factor.name);
        let detail = Detail { factor: Some(id), method: Some(factor.method()), ..Detail::default() };
        self.note(EventKind::FactorRenamed, detail)?;
        Ok(Decision::Save(self.done(())))
    }

    /// Puts another set of backup codes in the place of the present one.
    pub(crate) fn replace_backup_codes(
        &mut self,
        proof: &SecondFactorProof,
        codes: &CodeSet,
    ) -> Result<Decision<Change>, Error> {
        if let Err(refusal) = self.may_regenerate(proof) {
            return Ok(refused(refusal));
        }
        self.account.backup = Some(BackupSet::new(codes, self.now)?);
        self.account.raise_epoch(self.now);
        self.note(EventKind::BackupCodesRegenerated, Detail { method: Some(Method::BackupCode), ..Detail::default() })?;
        Ok(Decision::Save(self.done(())))
    }

    /// Whether it is worth making a new set.
    pub(crate) fn may_regenerate(&self, proof: &SecondFactorProof) -> Result<(), Refusal> {
        self.check_proof(proof, Purpose::Manage)?;
        if self.account.has_live_factor() { Ok(()) } else { Err(Refusal::NotEnabled) }
    }

    /// Makes the client that has just signed in a known device.
    pub(crate) fn remember_device(&mut self, proof: &SecondFactorProof) -> Result<Decision<Option<SecretText>>, Error> {
        if self.check_proof(proof, Purpose::SignIn).is_err() {
            return Ok(Decision::Keep(None));
        }
        let issued = issue(self.vault, TokenKind::Device, self.user, &mut self.random)?;
        let devices = &mut self.account.devices;
        while devices.len() >= self.policy.devices().max(1) {
            devices.remove(0);
        }
        devices.push(Device {
            id: issued.hash,
            expires_at: ends(self.now, self.policy.device_lasts()),
            answers: crate::account::Tally::default(),
        });
        self.note(EventKind::DeviceRemembered, Detail::default())?;
        Ok(Decision::Save(Some(issued.text)))
    }

    /// Forgets every known device. Gives how many there were.
    pub(crate) fn forget_devices(&mut self) -> Result<Decision<usize>, Error> {
        let own = self.device();
        let mut devices = std::mem::take(&mut self.account.devices);
        let known = devices.len();
        self.account.devices.extend(own.map(|own| devices.swap_remove(own)));
        let forgotten = known - self.account.devices.len();
        if forgotten == 0 {
            return Ok(Decision::Keep(0));
        }
        self.note(EventKind::DevicesForgotten, Detail::default())?;
        Ok(Decision::Save(forgotten))
    }

    /// The host's word: this has happened to one of its sessions.
    pub(crate) fn record(&mut self, what: EventKind) -> Result<Decision<bool>, Error> {
        if !self.recorded {
            // Saving would make a record for a user who has no second factor.
            return Ok(Decision::Keep(false));
        }
        self.note(what, Detail::default())?;
        Ok(Decision::Save(true))
    }

    /// The host's word: the password is another one. What the old one has opened is shut.
    pub(crate) fn first_factor_changed(&mut self) -> Result<Decision<Epoch>, Error> {
        if !self.recorded {
            // Nothing is open, and saving would make a record for a user who has no second factor.
            return Ok(Decision::Keep(self.account.epoch));
        }
        self.account.raise_epoch(self.now);
        self.note(EventKind::FirstFactorChanged, Detail::default())?;
        Ok(Decision::Save(self.account.epoch))
    }

    /// An admin's word: the lock is off.
    pub(crate) fn unlock(&mut self) -> Result<Decision<bool>, Error> {
        if !self.account.guard.unlock(self.now) {
            return Ok(Decision::Keep(false));
        }
        self.note(EventKind::Unlocked, Detail::default())?;
        Ok(Decision::Save(true))
    }

    /// An admin's word: from then on a second factor must be had.
    pub(crate) fn require_from(
        &mut self,
        history: History,
        from: Option<Timestamp>,
    ) -> Result<Decision<Change>, Error> {
        if !self.recorded && history == History::Enrolled {
            // Saving would put a fresh record in the place of one that has vanished, and lead back to enrolment.
            return Ok(refused(Refusal::ProofRequired));
        }
        self.account.required_from = from;
        self.note(EventKind::RequirementSet, Detail::default())?;
        Ok(Decision::Save(self.done(())))
    }

    /// An admin's word: all factors are gone, and enrolment is open again.
    pub(crate) fn reset(&mut self) -> Result<Decision<Change>, Error> {
        self.strip(Standing::Reset, EventKind::Reset)
    }

    fn strip(&mut self, standing: Standing, kind: EventKind) -> Result<Decision<Change>, Error> {
        let account = &mut self.account;
        account.factors.clear();
        account.backup = None;
        account.enabled_at = None;
        account.standing = standing;
        let _ = account.guard.unlock(self.now);
        account.raise_epoch(self.now);
        self.note(kind, Detail::default())?;
        Ok(Decision::Save(self.done(())))
    }

    const fn done<T>(&self, value: T) -> Change<T> {
        Change::Done { epoch: self.account.epoch, value }
    }
}

const fn refused<T>(refusal: Refusal) -> Decision<Change<T>> {
    Decision::Keep(Change::Refused(refusal))
}
