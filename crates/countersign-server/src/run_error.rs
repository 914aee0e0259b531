use std::path::{Path, PathBuf};

use countersign::{
    BuildError, PolicyError,
    store::StoreError,
    vault::{KeyId, VaultError},
};
use countersign_sqlx::DbError;

use crate::settings::BadSetting;

/// Why the program did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum RunError {
    /// A setting cannot be used.
    #[error(transparent)]
    Setting(#[from] BadSetting),
    /// The database did not answer, or is not this server's.
    #[error("the database (COUNTERSIGN_DATABASE_URL) cannot be used")]
    Database(#[from] DbError),
    /// Redis did not answer.
    #[cfg(feature = "redis")]
    #[error("Redis (COUNTERSIGN_REDIS_URL) cannot be used")]
    Redis(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A file or folder cannot be made or read.
    #[error("{setting} is {path}, which cannot be used")]
    File {
        /// What names it.
        setting: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that only serving and migrating make is not there.
    #[error(
        "there is no {path}: see COUNTERSIGN_DATA_DIR and {setting}; `serve` and `migrate` make it, nothing else does"
    )]
    NotThere {
        /// What names it.
        setting: &'static str,
        /// Which.
        path: PathBuf,
    },
    /// A key could not be made.
    #[error("no key could be made")]
    Key(#[source] VaultError),
    /// A value could not be sealed anew.
    #[error("a value could not be sealed anew")]
    Seal(#[source] VaultError),
    /// How far a rotation has come cannot be written down.
    #[error("the progress of the rotation cannot be written down")]
    Progress(#[source] serde_json::Error),
    /// A key cannot be removed yet.
    #[error("the key {id} is needed by {by}")]
    KeyNeeded {
        /// Which.
        id: KeyId,
        /// What needs it.
        by: String,
    },
    /// The clock cannot tell the time.
    #[error("the time is not known")]
    Clock,
    /// The engine cannot be put together.
    #[error("the engine cannot be put together")]
    Engine(#[from] BuildError),
    /// The settings make no policy.
    #[error("the settings make no policy")]
    Policy(#[from] PolicyError),
    /// The engine had no answer.
    #[error("there is no answer")]
    NoAnswer(#[from] countersign::Error),
    /// The store had no answer.
    #[error("there is no answer")]
    NoRecords(#[from] StoreError),
    /// Nobody has this address or id.
    #[error("there is no account with this address or id")]
    NoSuchAccount,
    /// The lines of an import cannot be read.
    #[error("the lines of the import cannot be read")]
    ImportFile(#[source] std::io::Error),
    /// Lines of an import cannot be used.
    #[error("{0} of the lines cannot be imported; nothing was changed")]
    Import(usize),
    /// A line that was checked was refused after all.
    #[error("line {line} was refused: {reason}; those before it were imported: run the import again for the rest")]
    ImportLine {
        /// Which line, from 1.
        line: usize,
        /// Why.
        reason: countersign::ImportProblem,
    },
    /// An audit trail is not as it was written.
    #[error("{0} audit trails are not as they were written")]
    AuditFault(usize),
    /// The answer could not be written.
    #[error("the answer could not be written")]
    Output(#[source] std::io::Error),
    /// What is needed to serve could not be had.
    #[error("cannot serve")]
    Serve(#[source] std::io::Error),
}

impl RunError {
    /// This file or folder, which this setting names, cannot be made or read.
    pub(crate) fn file(setting: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::File { setting, path: path.to_owned(), source }
    }

    /// What the process exits with: 2 for a bad setting, 1 for all else.
    #[must_use]
    pub(crate) const fn exit_code(&self) -> u8 {
        if matches!(self, Self::Setting(_)) { 2 } else { 1 }
    }

    /// It and its causes on one line.
    #[must_use]
    pub(crate) fn sentence(&self) -> String {
        let mut sentence = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            // Some say again what their cause says.
            if !sentence.ends_with(&error.to_string()) {
                sentence = format!("{}: {error}", sentence.trim_end_matches('.'));
            }
            cause = error.source();
        }
        sentence
    }
}
