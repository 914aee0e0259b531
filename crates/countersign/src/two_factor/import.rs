use countersign_store::UserId;

use super::TwoFactor;
use crate::{
    Client, Error, History, ImportOptions, ImportProblem,
    decide::{Decision, Turn},
    import::ImportedUser,
};

/// What became of one line of an import.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportedLine {
    /// The user has a live factor now; in a rehearsal, would have.
    Imported(UserId),
    /// Nothing was changed for this line.
    Refused(ImportProblem),
}

impl TwoFactor {
    /// Imports one line: a user of another system, with the secret in their authenticator and, if there are any, the
    /// hashes of their backup codes. The form is that of JSON Lines, one object a line:
    ///
    /// | field | what it is |
    /// |---|---|
    /// | `user` | the user's id here |
    /// | `secret`, `uri` or `sealed` | Base32; an `otpauth://` URI; `{"hex_json": ".."}` or `{"base64": ".."}` as another system sealed it |
    /// | `digits`, `period`, `algorithm` | as in a key URI, with its defaults; not beside `uri` |
    /// | `name` | the factor's name |
    /// | `backup_codes` | hashes: `pbkdf2_sha256$..` or bcrypt |
    /// | `backup_code_spelling` | how they were spelt before they were hashed |
    ///
    /// `history` is what the host remembers of the user; it sets that before importing, as before a confirmation. Users
    /// who have, or had, a second factor here are refused.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn import(&self, line: &str, history: History, options: &ImportOptions) -> Result<ImportedLine, Error> {
        self.import_or_rehearse(line, history, options, false).await
    }

    /// Says what [`import`](Self::import) would do with a line, and writes nothing.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn rehearse_import(
        &self,
        line: &str,
        history: History,
        options: &ImportOptions,
    ) -> Result<ImportedLine, Error> {
        self.import_or_rehearse(line, history, options, true).await
    }

    async fn import_or_rehearse(
        &self,
        line: &str,
        history: History,
        options: &ImportOptions,
        rehearsal: bool,
    ) -> Result<ImportedLine, Error> {
        let imported = match ImportedUser::parse(line, options) {
            Ok(imported) => imported,
            Err(problem) => return Ok(ImportedLine::Refused(problem)),
        };
        let import = |turn: &mut Turn<'_>| {
            let decision = turn.import(&imported, history)?;
            // The decision is made in full; a rehearsal only does not keep it.
            Ok(match decision {
                Decision::Save(done) if rehearsal => Decision::Keep(done),
                decision => decision,
            })
        };
        Ok(match self.shell.decide(&imported.user, &Client::default(), import).await? {
            Ok(()) => ImportedLine::Imported(imported.user),
            Err(problem) => ImportedLine::Refused(problem),
        })
    }
}
