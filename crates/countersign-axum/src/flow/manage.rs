use countersign::{
    Answer, Change, Epoch, FactorId, Purpose, Refusal, SecondFactorProof, Verification, backup_codes::BackupCode,
};

use crate::{Caller, Handle, Problem, Requester, STEP_UP_MAX_AGE};

/// Has the caller show the second factor for a change of the second factor.
///
/// # Errors
/// 401 `insufficient_user_authentication` where no answer was given; whatever the engine refuses.
pub async fn prove(
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

/// Makes a new set of backup codes, to be shown this once; all older ones are dead, and other sessions end.
///
/// # Errors
/// As [`prove`]; whatever the host refuses.
pub async fn regenerate(
    handle: &Handle,
    caller: &Caller,
    answer: Option<Answer<'_>>,
    requester: &Requester,
) -> Result<Vec<BackupCode>, Problem> {
    let proof = prove(handle, caller, answer, requester).await?;
    let (epoch, codes) = done(handle.engine().regenerate_backup_codes(proof, &requester.client()).await?)?;
    handle.host().end_other_sessions(caller, epoch).await?;
    Ok(codes)
}

/// Turns the second factor off; other sessions end.
///
/// # Errors
/// 403 `2fa_required_by_policy` where it is mandatory; 401 `password_required` where none was given; as [`prove`].
pub async fn turn_off(
    handle: &Handle,
    caller: &Caller,
    password: Option<&str>,
    answer: Option<Answer<'_>>,
    requester: &Requester,
) -> Result<(), Problem> {
    // Said before a password or a code is asked for: neither would help.
    if handle.engine().policy().required() {
        return Err(Refusal::RequiredByPolicy.into());
    }
    let password = password.ok_or_else(Problem::password_required)?;
    handle.host().check_password(caller, password, requester).await?;
    let proof = prove(handle, caller, answer, requester).await?;
    let (epoch, ()) = done(handle.engine().disable(proof, &requester.client()).await?)?;
    handle.host().end_other_sessions(caller, epoch).await
}

/// Removes one factor; other sessions end. The last one counts as [`turn_off`], and asks for what that asks for.
///
/// # Errors
/// 404 `not_found` for a factor that the caller does not have; as [`turn_off`] and [`prove`].
pub async fn remove_factor(
    handle: &Handle,
    caller: &Caller,
    factor: FactorId,
    password: Option<&str>,
    answer: Option<Answer<'_>>,
    requester: &Requester,
) -> Result<(), Problem> {
    let status = handle.engine().status(&caller.user).await?;
    // Looked for before a code is spent on it.
    if !status.factors.iter().any(|known| known.id == factor) {
        return Err(Problem::not_found());
    }
    if status.factors.len() == 1 {
        return turn_off(handle, caller, password, answer, requester).await;
    }
    let proof = prove(handle, caller, answer, requester).await?;
    let (epoch, ()) = done(handle.engine().remove_factor(proof, factor, &requester.client()).await?)?;
    handle.host().end_other_sessions(caller, epoch).await
}

/// Gives a factor another name.
///
/// # Errors
/// As [`check_name`]; 404 `not_found` for a factor that the caller does not have.
pub async fn rename_factor(
    handle: &Handle,
    caller: &Caller,
    factor: FactorId,
    name: &str,
    requester: &Requester,
) -> Result<(), Problem> {
    check_name(name)?;
    done(handle.engine().rename_factor(&caller.user, factor, name, &requester.client()).await?).map(drop)
}

/// A factor's name: 1 to 64 characters on one line, not blank.
///
/// # Errors
/// 400 `malformed_request`.
pub fn check_name(name: &str) -> Result<(), Problem> {
    let fits = name.chars().count() <= 64 && !name.chars().any(char::is_control) && !name.trim().is_empty();
    if fits { Ok(()) } else { Err(Problem::malformed_request().detail("A name is 1 to 64 characters on one line")) }
}

fn done<T>(change: Change<T>) -> Result<(Epoch, T), Problem> {
    match change {
        Change::Done { epoch, value } => Ok((epoch, value)),
        Change::Refused(refusal) => Err(refusal.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_on_one_line() {
        assert!(check_name("My phone").is_ok() && check_name(&"é".repeat(64)).is_ok());
        for name in ["", "  ", "a\nb", "a\u{7f}", &"é".repeat(65)] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
    }
}
