use countersign::Answer;

use crate::{Problem, SecretField};

/// The one answer in a body that takes a `code` or a `backup_code`; `None` if it has neither.
///
/// # Errors
/// 400 if it has both.
pub(super) fn one_answer<'a>(
    code: Option<&'a SecretField>,
    backup_code: Option<&'a SecretField>,
) -> Result<Option<Answer<'a>>, Problem> {
    match (code, backup_code) {
        (Some(code), None) => Ok(Some(Answer::Code(code.expose_str()))),
        (None, Some(code)) => Ok(Some(Answer::BackupCode(code.expose_str()))),
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(Problem::malformed_request().detail("Send `code` or `backup_code`, not both")),
    }
}
