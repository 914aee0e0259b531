use countersign_store::StoreError;

use crate::Busy;

/// Why the engine could not answer. The answer to the user is "no" then, and nothing was accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The clock cannot tell the time.
    #[error("the time is not known")]
    Clock,
    /// The source of randomness failed.
    #[error("no randomness to be had")]
    Randomness,
    /// The store did not answer, or not in time.
    #[error("the store could not answer")]
    Store(#[source] StoreError),
    /// The store did not answer within the deadline, or others kept changing the same record until then.
    #[error("no answer within the deadline")]
    Deadline,
    /// A stored value did not open under the vault's keys, or a record does not decode.
    #[error("a stored record cannot be read")]
    Unreadable,
    /// A new value could not be sealed.
    #[error("a value could not be sealed")]
    Seal,
    /// The account's name cannot be shown by an authenticator: empty, too long, or with a colon or control characters.
    #[error("the account's name does not fit a key URI")]
    Label,
    /// A slow hash could not be made.
    #[error("a slow hash could not be made")]
    SlowHash,
    /// More slow hashes are waiting than the bound allows.
    #[error("too busy")]
    Busy(#[from] Busy),
}
