use std::sync::Arc;

use countersign::{Answer, Client, Purpose, Verification};
use countersign_axum::{Caller, Host as _, Problem, Requester, STEP_UP_MAX_AGE};
use http::StatusCode;
use tracing::Instrument as _;

use crate::{core::unavailable, first_step::weak_password, session::Session, sessions::ending_others, state::AppState};

/// What a change of a password takes.
pub(crate) struct PasswordChange<'a> {
    /// The present password.
    pub(crate) current: &'a str,
    /// The new one.
    pub(crate) new: &'a str,
    /// A code of an authenticator, where a second factor is live.
    pub(crate) code: Option<&'a str>,
}

/// Changes the password of the session's account; other sessions end, and so do open tickets and known devices.
///
/// # Errors
/// 400 `weak_password`; 401 for a wrong password or a missing or wrong code; 409 `changed_meanwhile`; 429, 503.
pub(crate) async fn change_password(
    state: &AppState,
    session: Session,
    change: PasswordChange<'_>,
    requester: &Requester,
) -> Result<(), Problem> {
    let (core, engine) = (&state.core, state.engine());
    let account = core.account(&session.user).await?;
    let email = account.email.parse().map_err(|_| Problem::unavailable())?;
    state.password_rules.check(change.new, &email).map_err(weak_password)?;
    let caller = Caller::from(session);
    core.check_own_password(&account, change.current, requester).await?;
    if engine.status(&caller.user).await?.enabled {
        let code = change.code.ok_or_else(|| Problem::insufficient_user_authentication(Some(STEP_UP_MAX_AGE)))?;
        match engine.step_up(&caller.user, Purpose::StepUp, Answer::Code(code), &requester.client()).await? {
            Verification::Accepted { .. } => {}
            Verification::Refused(refusal) => return Err(refusal.into()),
        }
    }
    let hash = core.passwords.hash(change.new).await?;
    let client = requester.client();
    let (address, request_id) = (client.address, client.request_id.map(str::to_owned));
    let (engine, core) = (engine.clone(), Arc::clone(core));
    let change = async move {
        // In the place of the very hash that the password was right for, and together with the end of the other sessions:
        // no crash leaves one of them open under a new password.
        let ended = vec![ending_others(&caller.user, &caller.session)];
        let set = core.accounts.set_password(&caller.user, &account.password, &hash, ended);
        if !set.await.map_err(unavailable)? {
            return Err(Problem::new(StatusCode::CONFLICT, "changed_meanwhile", "The password was changed meanwhile"));
        }
        tracing::info!(event = "password_changed", user = %caller.user, factor = "password", "first factor");
        // What else was begun with the old password ends: tickets, known devices, a sign-in on its way.
        let client = Client { address, request_id: request_id.as_deref(), ..Client::default() };
        let epoch = engine.first_factor_changed(&caller.user, &client).await?;
        core.end_other_sessions(&caller, epoch).await
    };
    // A task of its own, which goes on when the client hangs up.
    tokio::spawn(change.in_current_span()).await.unwrap_or_else(|_| Err(Problem::internal_error()))
}
