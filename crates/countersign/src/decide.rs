//! The deciding part: plain functions of an account, a moment and some randomness. No I/O, no waiting.
//!
//! Each decision changes the account it was handed and says whether the change has to be saved before it is answered.
//! The shell in [`crate::shell`] runs it again on a fresh account when somebody else saved first.

mod challenge;
mod enrol;
mod import;
mod manage;
mod rotate;
mod token;
mod verify;

use countersign_clock::Timestamp;
use countersign_store::{AuditEvent, UserId};
use countersign_vault::{Context, Purpose as Seal, Vault};

pub(crate) use self::{
    enrol::{Confirmed, Confirming, Enrolling, FreshCodes, Kind},
    token::{BearerToken, TokenKind},
    verify::{BackupPreview, Typed, Via},
};
use crate::{
    Client, Error, Policy, Purpose, SecondFactorProof,
    account::{Account, Device},
    event::{Detail, EventKind},
    outcome::Refusal,
    random::Generator,
};

/// One decision about one user at one moment.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    pub(crate) user: &'a UserId,
    pub(crate) account: Account,
    /// Whether there is a record at all.
    pub(crate) recorded: bool,
    pub(crate) now: Timestamp,
    pub(crate) policy: &'a Policy,
    pub(crate) vault: &'a Vault,
    pub(crate) random: Generator<'a>,
    pub(crate) client: &'a Client<'a>,
    /// What is stored with the change.
    pub(crate) events: Vec<AuditEvent>,
    /// What is told of each of them.
    pub(crate) told: Vec<Told>,
}

/// An event, as it is told.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) kind: EventKind,
    pub(crate) detail: Detail,
}

/// A decision, and whether it changed anything.
#[derive(Debug)]
pub(crate) enum Decision<T> {
    /// Answer only after the account has been saved.
    Save(T),
    /// Nothing changed; answer.
    Keep(T),
}

impl Turn<'_> {
    /// Notes an event; it is saved with the change, or not at all.
    fn note(&mut self, kind: EventKind, mut detail: Detail) -> Result<(), Error> {
        detail.address = self.sealed_address()?;
        detail.request_id = self.client.request_id.map(|id| id.chars().take(64).collect());
        let text = serde_json::to_string(&detail).map_err(|_| Error::Unreadable)?;
        self.events.push(self.account.trail.append(self.vault, self.user, self.now, kind.as_str(), text));
        self.told.push(Told { kind, detail });
        Ok(())
    }

    /// The client's address, sealed to this user.
    fn sealed_address(&mut self) -> Result<Option<String>, Error> {
        let Some(address) = self.client.address else { return Ok(None) };
        let context = Context::new(Seal::ADDRESS, self.user.as_str());
        let sealed = self.vault.seal(&context, address.to_string().as_bytes(), &mut self.random);
        Ok(Some(sealed.map_err(|_| Error::Seal)?.to_string()))
    }

    /// The known device this client shows a token of, if it does.
    pub(crate) fn device(&self) -> Option<usize> {
        let token = BearerToken::open(self.vault, TokenKind::Device, self.client.device_token?)?;
        if token.user() != self.user {
            return None;
        }
        let hashes = token.hashes(self.vault);
        let known = |device: &Device| device.id.is_among(&hashes) && self.now < device.expires_at;
        self.account.devices.iter().position(known)
    }

    /// Whether `proof` allows a change of this account now.
    fn check_proof(&self, proof: &SecondFactorProof, purpose: Purpose) -> Result<(), Refusal> {
        let fresh = proof.at() <= self.now && self.now.saturating_since(proof.at()) <= self.policy.proof_lasts();
        let fits = proof.user() == self.user && proof.purpose() == purpose && proof.epoch() == self.account.epoch;
        if fresh && fits { Ok(()) } else { Err(Refusal::ProofInvalid) }
    }
}
