use countersign::{Answer, Purpose, SecondFactorProof, Verification};

use crate::{Caller, Handle, Problem, Requester, STEP_UP_MAX_AGE, SecretField};

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

/// Has the caller show the second factor for a change of the second factor.
///
/// # Errors
/// 401 `insufficient_user_authentication` where no code was sent; whatever the engine refuses.
pub(super) async fn proof_to_manage(
    handle: &Handle,
    caller: &Caller,
    answer: Option<Answer<'_>>,
    requester: &Requester,
) -> Result<SecondFactorProof, Problem> {
    let answer = answer.ok_or_else(|| Problem::insufficient_user_authentication(Some(STEP_UP_MAX_AGE)))?;
    match handle.engine().step_up(&caller.user, Purpose::Manage, answer, &requester.client()).await? {
        Verification::Accepted { proof, .. } => Ok(proof),
        Verification::Refused(refusal) => Err(refusal.into()),
    }
}
