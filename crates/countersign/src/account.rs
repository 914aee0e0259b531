//! What the record of a user holds: all second-factor state, and nothing that lives anywhere else.
//!
//! Plain data with the rules that keep it whole. What is decided on it stands in [`crate::decide`].

mod backup;
mod device;
mod factor;
mod guard;
mod ticket;
mod token_hash;
mod trail;

use countersign_clock::Timestamp;
use countersign_store::AuditEvent;
use serde::{Deserialize, Serialize};

pub(crate) use self::{
    backup::BackupSet,
    device::Device,
    factor::{Check, Claim, Credential, Factor, HotpFactor, Pending, TotpFactor, secret_context},
    guard::{Charged, Gate, Guard, Tally},
    ticket::{OpenTicket, TicketKind, make_room},
    token_hash::TokenHash,
    trail::{Broken, End, Trail},
};
use crate::{Epoch, Error, FactorId, Policy};

/// Second-factor state of one user.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Account {
    /// Version of this format; another one is not read.
    format: u8,
    pub(crate) epoch: Epoch,
    pub(crate) standing: Standing,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) enabled_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) factors: Vec<Factor>,
    /// One of a kind at the most, in the order they were begun.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) pending: Vec<Pending>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) backup: Option<BackupSet>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) tickets: Vec<OpenTicket>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) devices: Vec<Device>,
    /// From when on this account must have a second factor, whatever the policy says.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) required_from: Option<Timestamp>,
    pub(crate) guard: Guard,
    pub(crate) trail: Trail,
}

/// How the account stands to its second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// There has been none.
    Never,
    /// There is one.
    Enabled,
    /// Its owner turned it off, showing it.
    TurnedOff,
    /// An admin took it away.
    Reset,
}

const FORMAT: u8 = 1;

impl Account {
    /// The state of a user who has no record; `last_event` is the newest of the trail, if a record has been there.
    pub(crate) fn new(last_event: Option<&AuditEvent>) -> Self {
        Self {
            format: FORMAT,
            epoch: Epoch::default(),
            standing: Standing::Never,
            enabled_at: None,
            factors: Vec::new(),
            pending: Vec::new(),
            backup: None,
            tickets: Vec::new(),
            devices: Vec::new(),
            required_from: None,
            guard: Guard::default(),
            trail: last_event.map_or_else(Trail::default, Trail::after),
        }
    }

    pub(crate) fn decode(body: &[u8]) -> Result<Self, Error> {
        let account: Self = serde_json::from_slice(body).map_err(|_| Error::Unreadable)?;
        if account.format == FORMAT { Ok(account) } else { Err(Error::Unreadable) }
    }

    pub(crate) fn encode(&self) -> Result<Vec<u8>, Error> {
        // Room for the record of most users, so that it is not moved as it grows.
        let mut body = Vec::with_capacity(2048);
        serde_json::to_writer(&mut body, self).map_err(|_| Error::Unreadable)?;
        Ok(body)
    }

    pub(crate) fn has_live_factor(&self) -> bool {
        !self.factors.is_empty()
    }

    /// Whether every live factor has been guessed at so often that it answers no more.
    pub(crate) fn is_struck_out(&self, policy: &Policy) -> bool {
        self.has_live_factor() && self.factors.iter().all(|factor| policy.is_struck_out(factor.strikes))
    }

    /// Whether a second factor must be had at `now`.
    pub(crate) fn is_required(&self, policy: &Policy, now: Timestamp) -> bool {
        policy.required() || self.required_from.is_some_and(|from| from <= now)
    }

    pub(crate) fn factor_mut(&mut self, id: FactorId) -> Option<&mut Factor> {
        self.factors.iter_mut().find(|factor| factor.id == id)
    }

    pub(crate) fn backup_codes_left(&self) -> usize {
        self.backup.as_ref().map_or(0, BackupSet::left)
    }

    /// Begins a new epoch: whatever was opened under the old one is over.
    pub(crate) fn raise_epoch(&mut self, now: Timestamp) {
        self.epoch = self.epoch.next(now);
        self.pending.clear();
        self.tickets.clear();
        self.devices.clear();
    }

    /// Drops what has run out, so that the record stays bounded by what is live.
    pub(crate) fn prune(&mut self, now: Timestamp) {
        self.tickets.retain(|ticket| now < ticket.expires_at);
        self.devices.retain(|device| now < device.expires_at);
        self.pending.retain(|pending| now < pending.expires_at);
    }
}

/// For what is left out of a record while there is nothing in it.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_survives_its_encoding() {
        let mut account = Account::new(None);
        account.raise_epoch(Timestamp::from_secs(5));
        let copy = Account::decode(&account.encode().unwrap()).unwrap();
        assert_eq!(copy.epoch, account.epoch);
        assert_eq!(copy.standing, Standing::Never);
    }

    #[test]
    fn another_format_or_an_unknown_field_is_not_read() {
        let text = String::from_utf8(Account::new(None).encode().unwrap()).unwrap();
        assert!(Account::decode(text.as_bytes()).is_ok());
        assert!(Account::decode(text.replace(r#""format":1"#, r#""format":2"#).as_bytes()).is_err());
        assert!(Account::decode(text.replacen('{', r#"{"extra":1,"#, 1).as_bytes()).is_err());
    }
}
