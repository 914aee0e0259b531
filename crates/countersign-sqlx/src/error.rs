use std::error::Error;

use countersign_rate_limit::LimitError;
use countersign_store::StoreError;

pub(crate) type BoxError = Box<dyn Error + Send + Sync + 'static>;

/// Why a database could not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DbError {
    /// Out of reach, too busy or too slow; nothing was changed. Another try may work.
    #[error("database is unavailable")]
    Unavailable(#[source] BoxError),
    /// The answer to a write was lost: it may have been done, may be done yet, or not at all.
    #[error("outcome of the write is unknown")]
    Unknown(#[source] BoxError),
    /// A constraint of the schema (unique, foreign key, check, not null) was not met; nothing was changed.
    #[error("constraint not met")]
    Constraint(#[source] BoxError),
    /// The database refused the statement; nothing was changed.
    #[error("statement refused")]
    Statement(#[source] BoxError),
    /// A column is missing or of another type than was asked for.
    #[error("column {column} is not {wanted}")]
    Decode {
        /// Which column, from 0.
        column: usize,
        /// What was asked for.
        wanted: &'static str,
    },
    /// The schema is not one that these migrations lead to; the text says how.
    #[error("migration {version} of {set}: {reason}")]
    Migration {
        /// Whose migrations.
        set: String,
        /// Which of them.
        version: u32,
        /// What is wrong.
        reason: &'static str,
    },
    /// The database file or its folder cannot be used.
    #[error("cannot open the database")]
    Open(#[source] BoxError),
}

impl DbError {
    #[cfg(feature = "sqlite")]
    pub(crate) fn unavailable(why: impl Into<BoxError>) -> Self {
        Self::Unavailable(why.into())
    }

    #[cfg(feature = "sqlite")]
    pub(crate) fn unknown(why: impl Into<BoxError>) -> Self {
        Self::Unknown(why.into())
    }
}

impl From<DbError> for StoreError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unavailable(_) | DbError::Open(_) => Self::Unavailable(error.into()),
            DbError::Unknown(_) => Self::Unknown(error.into()),
            DbError::Constraint(_) | DbError::Statement(_) | DbError::Decode { .. } | DbError::Migration { .. } => {
                Self::Corrupt(error.into())
            }
        }
    }
}

impl From<DbError> for LimitError {
    fn from(error: DbError) -> Self {
        Self::Unavailable(error.into())
    }
}
