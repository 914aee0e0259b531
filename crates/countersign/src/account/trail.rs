use countersign_clock::Timestamp;
use countersign_store::{AuditEvent, UserId};
use countersign_vault::{KeyId, Purpose, Vault};
use serde::{Deserialize, Serialize};

/// Where the account's chain of audit events begins and ends.
///
/// Each event's keyed hash covers the one before it, so that a changed, removed or re-ordered event shows; both ends
/// stand in the record, so that a missing first or last one shows too.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trail {
    /// The last event that retention has let go; what is left begins after it.
    #[serde(skip_serializing_if = "End::is_none", default)]
    pub(crate) base: End,
    /// The latest event.
    pub(crate) head: End,
}

/// One event of a chain, by its number and its hash; number 0 and no hash before the first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct End {
    pub(crate) sequence: u64,
    /// Keyed hash, in hex.
    hash: String,
}

/// Why an event is not the one that was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    UnknownKey,
    Altered,
}

impl Trail {
    /// The trail that goes on after `event`.
    pub(crate) fn after(event: &AuditEvent) -> Self {
        Self { base: End::default(), head: End::of(event) }
    }

    /// Puts an event at the end of the chain.
    pub(crate) fn append(
        &mut self,
        vault: &Vault,
        user: &UserId,
        at: Timestamp,
        kind: &str,
        detail: String,
    ) -> AuditEvent {
        let sequence = self.head.sequence.saturating_add(1);
        let fields = Fields { user, sequence, at, kind, detail: &detail };
        let (key, mac) = self.head.linked(fields, |fields| vault.authenticate(Purpose::AUDIT, fields));
        let event = AuditEvent { sequence, at, kind: kind.to_owned(), detail, key_id: key.to_string(), mac };
        self.head = End::of(&event);
        event
    }
}

impl End {
    pub(crate) fn of(event: &AuditEvent) -> Self {
        Self { sequence: event.sequence, hash: base16ct::lower::encode_string(&event.mac) }
    }

    /// Whether `event` is what was appended after this one.
    pub(crate) fn check_next(&self, vault: &Vault, user: &UserId, event: &AuditEvent) -> Result<(), Broken> {
        let AuditEvent { sequence, at, kind, detail, key_id, mac } = event;
        let key: KeyId = key_id.parse().map_err(|_| Broken::UnknownKey)?;
        let fields = Fields { user, sequence: *sequence, at: *at, kind, detail };
        let expected = self.linked(fields, |fields| vault.authenticate_with(&key, Purpose::AUDIT, fields));
        match expected {
            None => Err(Broken::UnknownKey),
            Some(expected) if bool::from(subtle::ConstantTimeEq::ct_eq(&expected[..], &mac[..])) => Ok(()),
            Some(_) => Err(Broken::Altered),
        }
    }

    fn is_none(&self) -> bool {
        self.sequence == 0
    }

    /// What an event after this one is hashed over.
    fn linked<T>(&self, event: Fields<'_>, hash: impl FnOnce(&[&[u8]]) -> T) -> T {
        let Fields { user, sequence, at, kind, detail } = event;
        hash(&[
            self.hash.as_bytes(),
            user.as_str().as_bytes(),
            &sequence.to_be_bytes(),
            &at.as_millis().to_be_bytes(),
            kind.as_bytes(),
            detail.as_bytes(),
        ])
    }
}

struct Fields<'a> {
    user: &'a UserId,
    sequence: u64,
    at: Timestamp,
    kind: &'a str,
    detail: &'a str,
}
