use std::fmt;

use async_trait::async_trait;

use crate::{AuditEvent, AuditQuery, Chain, InstanceId, Record, StoreError, Stored, UserId, Version};

/// One record per user, changed by compare-and-swap, with an audit beside it.
///
/// # What a backend owes
/// - Of all callers that name one `expected` version, exactly one gets [`Saved::Stored`], whatever the number of
///   processes.
/// - A save and its events are one durable step: both are there or neither. `Stored` is answered only after that step
///   would survive the loss of power.
/// - An answered save is seen by every load that begins after the answer, through any handle on the same data.
/// - A load gives one save as a whole, never parts of two.
/// - The versions of a user grow with every save and go on growing after a removal.
/// - A call dropped before its answer has happened completely, will, or never does.
/// - Every call answers or fails within about two seconds, and the store recovers by itself.
/// - Bounds are checked ([`Record::check`], [`AuditEvent::check`]) before anything is written.
///
/// # What a backend may assume
/// Bodies are opaque and at most 64 KiB; secrets in them are sealed; a user id is under the rules of [`UserId`]; the
/// caller gives every save an id of its own.
///
/// # What a caller does
/// - On [`Saved::Conflict`]: load, decide again, save again, until a deadline; then refuse.
/// - On [`StoreError::Unknown`]: load and compare [`Record::save_id`]. If it is the caller's own, the save was done. If
///   the version is still the expected one, it was not done *yet*: it may be, so saving again under the same version is
///   safe (one of the two wins) and giving up is safe. Any other id: the save may have been done and followed by
///   another's; refuse.
/// - On any other error: refuse. Nothing was changed.
///
/// No method has a default, so that a wrapper cannot forget one. The cases of the `conformance` feature check a backend
/// against this contract.
#[async_trait]
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// The record of `user`, or `None` if there is none: never saved, or removed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn load(&self, user: &UserId) -> Result<Option<Stored>, StoreError>;

    /// Saves `record` and appends `events` to the user's chain, if the version is still `expected`; `None` expects that
    /// there is no record.
    ///
    /// # Errors
    /// Any [`StoreError`]. A sequence number that the chain already has is [`StoreError::Corrupt`], and nothing is
    /// saved.
    async fn save(
        &self,
        user: &UserId,
        expected: Option<Version>,
        record: &Record,
        events: &[AuditEvent],
    ) -> Result<Saved, StoreError>;

    /// Removes the record of `user` and appends `events`, if the version is still `expected`.
    ///
    /// The audit stays. Who saves the user anew goes on in the same chain, after its newest event.
    ///
    /// # Errors
    /// As [`save`](Self::save).
    async fn remove(&self, user: &UserId, expected: Version, events: &[AuditEvent]) -> Result<Removed, StoreError>;

    /// Up to `limit` users that have a record, in byte order of their ids, after `after`.
    ///
    /// A user that has a record during the whole of a walk comes up exactly once in it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn users(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<UserId>, StoreError>;

    /// One page of one chain of the audit.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn audit(&self, query: &AuditQuery) -> Result<Vec<AuditEvent>, StoreError>;

    /// Up to `limit` chains that have an event, instances before users, each in byte order, after `after`. Users whose
    /// record was removed are among them.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn chains(&self, after: Option<&Chain>, limit: usize) -> Result<Vec<Chain>, StoreError>;

    /// Appends `events` that belong to no user, all or none.
    ///
    /// Only `instance` itself writes into its chain, so there is no version to compare.
    ///
    /// # Errors
    /// Any [`StoreError`]. A sequence number that the chain already has is [`StoreError::Corrupt`], and nothing is
    /// written.
    async fn append(&self, instance: &InstanceId, events: &[AuditEvent]) -> Result<(), StoreError>;

    /// Deletes events of `chain` up to and including `through`, a bounded number of them at a time, and says how many:
    /// call again until it says 0.
    ///
    /// For retention. Where the rest begins must be kept elsewhere first (for a user, in the record), or a chain that
    /// was cut by a thief looks the same.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Unknown`].
    async fn prune(&self, chain: &Chain, through: u64) -> Result<u64, StoreError>;
}

/// What became of a save.
#[must_use = "only `Stored` was saved"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// Durable, under this version.
    Stored(Version),
    /// The version is no longer the expected one; nothing was changed.
    Conflict,
}

/// What became of a removal.
#[must_use = "only `Done` was removed"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    /// Durable: there is no record any more.
    Done,
    /// The version is no longer the expected one; nothing was changed.
    Conflict,
}
