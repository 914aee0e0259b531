use std::fmt;

use countersign_clock::Timestamp;

use crate::{StoreError, UserId, record::check_time, user_id::is_name};

/// One line of the audit, chained to the one before it by a keyed hash that the engine computes.
#[derive(Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// Place in its chain, from 1, without gaps.
    pub sequence: u64,
    /// When it happened.
    pub at: Timestamp,
    /// What happened, such as `totp.confirmed`; 1 to [`MAX_KIND`](Self::MAX_KIND) bytes without control characters.
    pub kind: String,
    /// The rest, as JSON text; at most [`MAX_DETAIL`](Self::MAX_DETAIL) bytes, without NUL.
    pub detail: String,
    /// Which key the hash was made with; 1 to [`MAX_KIND`](Self::MAX_KIND) bytes without control characters.
    pub key_id: String,
    /// Keyed hash over this event and the hash before it.
    pub mac: [u8; 32],
}

impl AuditEvent {
    /// The longest `kind` and `key_id`, in bytes.
    pub const MAX_KIND: usize = 64;
    /// The longest `detail`, in bytes.
    pub const MAX_DETAIL: usize = 8 * 1024;
    /// The most events that come with one save.
    pub const MAX_PER_SAVE: usize = 32;

    /// Whether `events` keep their bounds and follow each other without a gap: every backend calls this before it
    /// writes.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] or [`StoreError::Invalid`], naming what is wrong.
    pub fn check(events: &[Self]) -> Result<(), StoreError> {
        if events.len() > Self::MAX_PER_SAVE {
            return Err(StoreError::TooLarge("number of audit events"));
        }
        for event in events {
            event.check_one()?;
        }
        let follows = |pair: &[Self]| pair[0].sequence.checked_add(1) == Some(pair[1].sequence);
        if events.windows(2).all(follows) { Ok(()) } else { Err(StoreError::Invalid("audit sequence has a gap")) }
    }

    fn check_one(&self) -> Result<(), StoreError> {
        if self.sequence == 0 || i64::try_from(self.sequence).is_err() {
            return Err(StoreError::Invalid("audit sequence out of range"));
        }
        if self.kind.len() > Self::MAX_KIND || !is_name(&self.kind) {
            return Err(StoreError::Invalid("audit kind"));
        }
        if self.key_id.len() > Self::MAX_KIND || !is_name(&self.key_id) {
            return Err(StoreError::Invalid("audit key id"));
        }
        if self.detail.len() > Self::MAX_DETAIL {
            return Err(StoreError::TooLarge("audit detail"));
        }
        if self.detail.contains('\0') {
            return Err(StoreError::Invalid("audit detail has a NUL"));
        }
        check_time(self.at)
    }
}

impl fmt::Debug for AuditEvent {
    /// Without detail and hash: the detail may name a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditEvent")
            .field("sequence", &self.sequence)
            .field("at", &self.at)
            .field("kind", &self.kind)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// Whose events follow each other: those of one user, or those without a user that one running instance wrote.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Chain {
    /// Events that belong to no user.
    Instance(InstanceId),
    /// Events of one user, written with that user's record.
    User(UserId),
}

impl From<UserId> for Chain {
    fn from(user: UserId) -> Self {
        Self::User(user)
    }
}

impl From<InstanceId> for Chain {
    fn from(instance: InstanceId) -> Self {
        Self::Instance(instance)
    }
}

/// The name of one run of one process: opaque text under the rules of [`UserId`], new for every start, so that two
/// runs never write into one chain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(Box<str>);

impl InstanceId {
    /// Takes `id` as it is.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if it breaks the rules of [`UserId::new`].
    pub fn new(id: impl Into<String>) -> Result<Self, StoreError> {
        let id = id.into();
        if is_name(&id) { Ok(Self(id.into())) } else { Err(StoreError::Invalid("instance id")) }
    }

    /// The id as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which events to read: one page of one chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditQuery {
    /// Whose events.
    pub chain: Chain,
    /// Begin after this sequence number, in the direction of `order`; `None` begins at that end of the chain.
    pub after: Option<u64>,
    /// At most so many events.
    pub limit: usize,
    /// In which direction.
    pub order: Order,
}

impl AuditQuery {
    /// The first `limit` events of `chain`, oldest first.
    #[must_use]
    pub fn oldest(chain: impl Into<Chain>, limit: usize) -> Self {
        Self { chain: chain.into(), after: None, limit, order: Order::OldestFirst }
    }

    /// The last `limit` events of `chain`, newest first.
    #[must_use]
    pub fn newest(chain: impl Into<Chain>, limit: usize) -> Self {
        Self { chain: chain.into(), after: None, limit, order: Order::NewestFirst }
    }

    /// The same, going on after `sequence`.
    #[must_use]
    pub fn after(mut self, sequence: u64) -> Self {
        self.after = Some(sequence);
        self
    }
}

/// In which direction a chain is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Sequence numbers grow.
    #[default]
    OldestFirst,
    /// Sequence numbers fall.
    NewestFirst,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(sequence: u64) -> AuditEvent {
        AuditEvent {
            sequence,
            at: Timestamp::default(),
            kind: "kind".into(),
            detail: "{}".into(),
            key_id: "k1".into(),
            mac: [0; 32],
        }
    }

    #[test]
    fn events_must_follow_each_other_from_one_on() {
        assert!(AuditEvent::check(&[event(7), event(8)]).is_ok());
        for events in [vec![event(0)], vec![event(7), event(9)], vec![event(8), event(7)], vec![event(u64::MAX)]] {
            assert!(matches!(AuditEvent::check(&events), Err(StoreError::Invalid(_))), "{events:?}");
        }
    }

    #[test]
    fn texts_are_bounded() {
        let long = AuditEvent { detail: "x".repeat(AuditEvent::MAX_DETAIL + 1), ..event(1) };
        assert!(matches!(AuditEvent::check(&[long]), Err(StoreError::TooLarge(_))));
        let nul = AuditEvent { detail: "\0".into(), ..event(1) };
        let kind = AuditEvent { kind: "k".repeat(AuditEvent::MAX_KIND + 1), ..event(1) };
        let key = AuditEvent { key_id: String::new(), ..event(1) };
        for event in [nul, kind, key] {
            assert!(matches!(AuditEvent::check(&[event]), Err(StoreError::Invalid(_))));
        }
        let many: Vec<_> = (1..=33).map(event).collect();
        assert!(matches!(AuditEvent::check(&many), Err(StoreError::TooLarge(_))));
    }
}
