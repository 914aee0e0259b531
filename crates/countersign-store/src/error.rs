use std::error::Error;

/// The cause kept in [`source`](Error::source).
pub(crate) type BoxError = Box<dyn Error + Send + Sync + 'static>;

/// Why a store could not answer. Never "no such user" and never "version changed": those are answers.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The backend is out of reach or too slow, and nothing was changed. Another try may work.
    #[error("store is unavailable")]
    Unavailable(#[source] BoxError),
    /// The answer to a write was lost: it may have been done, may be done yet, or not at all. Load again and compare
    /// the save id.
    #[error("outcome of the write is unknown")]
    Unknown(#[source] BoxError),
    /// What was read, or what a write ran into, does not follow the rules. Another try will not help.
    #[error("stored data is corrupt")]
    Corrupt(#[source] BoxError),
    /// What was handed in is larger than its bound; the text names it.
    #[error("{0} is too large")]
    TooLarge(&'static str),
    /// What was handed in breaks a rule; the text names it.
    #[error("not valid: {0}")]
    Invalid(&'static str),
}
