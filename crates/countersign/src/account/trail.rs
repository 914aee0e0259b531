use countersign_clock::Timestamp;
use countersign_store::{AuditEvent, UserId};
use countersign_vault::{Purpose, Vault};
use serde::{Deserialize, Serialize};

/// Head and length of the account's chain of audit events.
///
/// Each event's keyed hash covers the one before it, so that a changed, removed or re-ordered event shows; the head and
/// the count stand in the record, so that a missing first or last one shows too.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trail {
    count: u64,
    /// Keyed hash of the latest event, in hex; empty before the first.
    head: String,
}

impl Trail {
    /// The trail that goes on after `event`.
    pub(crate) fn after(event: &AuditEvent) -> Self {
        Self { count: event.sequence, head: base16ct::lower::encode_string(&event.mac) }
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
        let sequence = self.count.saturating_add(1);
        let (key_id, mac) = vault.authenticate(
            Purpose::AUDIT,
            &[
                self.head.as_bytes(),
                user.as_str().as_bytes(),
                &sequence.to_be_bytes(),
                &at.as_millis().to_be_bytes(),
                kind.as_bytes(),
                detail.as_bytes(),
            ],
        );
        self.count = sequence;
        self.head = base16ct::lower::encode_string(&mac);
        AuditEvent { sequence, at, kind: kind.to_owned(), detail, key_id: key_id.to_string(), mac }
    }
}
