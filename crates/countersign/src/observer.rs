use std::fmt;

use countersign_clock::Timestamp;
use countersign_store::UserId;

use crate::{Epoch, EventKind};

/// Told of what has been saved: the way out for notices, and for ending sessions.
///
/// It is called after the save, by whoever made it, and must not wait: put what is to be done into a queue. A process
/// that dies in between tells nobody; a host's sessions end all the same, because they are compared with the epoch.
pub trait Observer: fmt::Debug + Send + Sync + 'static {
    /// Something happened that the account's owner should hear of.
    fn notice(&self, notice: &Notice<'_>);

    /// The second factor has changed: end this user's sessions of earlier epochs.
    fn epoch_raised(&self, user: &UserId, epoch: Epoch);
}

/// What an account's owner should hear of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notice<'a> {
    /// Whose account it is.
    pub user: &'a UserId,
    /// What happened.
    pub kind: EventKind,
    /// When.
    pub at: Timestamp,
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Nobody;

impl Observer for Nobody {
    fn notice(&self, _: &Notice<'_>) {}

    fn epoch_raised(&self, _: &UserId, _: Epoch) {}
}
