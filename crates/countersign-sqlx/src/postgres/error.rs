use crate::DbError;

/// How far a write had come when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing was sent that commits.
    Before,
    /// What was sent may have committed.
    Committing,
}

/// What a failure means. The server's own "no" is certain; a connection that breaks while a commit is under way is not.
pub(super) fn failed(error: sqlx::Error, stage: Stage) -> DbError {
    let code = error.as_database_error().and_then(|error| error.code()).map(String::from);
    match code.as_deref() {
        // Integrity constraint violation.
        Some(code) if code.starts_with("23") => DbError::Constraint(error.into()),
        // Serialisation failure, deadlock, lock not available, cancelled by a timeout: undone as a whole.
        Some(code) if code.starts_with("40") || code == "55P03" || code == "57014" => {
            DbError::Unavailable(error.into())
        }
        // Connection, resources (disk full), operator intervention (shutdown), system error.
        Some(code) if ["08", "53", "57", "58", "XX"].iter().any(|class| code.starts_with(class)) => lost(error, stage),
        Some(_) => DbError::Statement(error.into()),
        None => match error {
            sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::Decode(_)
            | sqlx::Error::Encode(_)
            | sqlx::Error::ColumnIndexOutOfBounds { .. } => DbError::Statement(error.into()),
            // No connection was had, so nothing was sent.
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => DbError::Unavailable(error.into()),
            error => lost(error, stage),
        },
    }
}

fn lost(error: sqlx::Error, stage: Stage) -> DbError {
    match stage {
        Stage::Before => DbError::Unavailable(error.into()),
        Stage::Committing => DbError::Unknown(error.into()),
    }
}
