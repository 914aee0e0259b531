use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use countersign::{Answer, Purpose, Verification};
use countersign_axum::{
    Caller, Host, Problem, ProblemBody, Reply, Requester, STEP_UP_MAX_AGE, SecretField, StrictJson, rfc3339,
};
use http::{HeaderName, HeaderValue, StatusCode, header::SET_COOKIE};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::sign_up::weak_password;
use crate::{
    core::unavailable,
    state::{AppState, Current},
};

/// Changes the password; other sessions end.
#[utoipa::path(
    post, path = "/password", tag = "sign-in", operation_id = "change_password", request_body = ChangePassword,
    responses(
        (status = 204, description = "Changed"),
        (status = 400, description = "`malformed_request`, `weak_password`, `malformed_code`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`, `invalid_credentials`, `insufficient_user_authentication`, `invalid_code`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`account_locked`, `cross_origin`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`changed_meanwhile`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "`body_too_large`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`rate_limited`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`, `busy`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn change_password(
    State(state): State<AppState>,
    requester: Requester,
    Current(session): Current,
    StrictJson(body): StrictJson<ChangePassword>,
) -> Result<Response, Problem> {
    let (core, engine) = (&state.core, state.engine());
    let account = core.account(&session.user).await?;
    let email = account.email.parse().map_err(|_| Problem::unavailable())?;
    let new = body.new.expose_str();
    state.password_rules.check(new, &email).map_err(weak_password)?;
    let caller = Caller::from(session);
    core.check_password(&caller, body.current.expose_str(), &requester).await?;
    if engine.status(&caller.user).await?.enabled {
        let code =
            body.code.as_ref().ok_or_else(|| Problem::insufficient_user_authentication(Some(STEP_UP_MAX_AGE)))?;
        let answer = Answer::Code(code.expose_str());
        match engine.step_up(&caller.user, Purpose::StepUp, answer, &requester.client()).await? {
            Verification::Accepted { .. } => {}
            Verification::Refused(refusal) => return Err(refusal.into()),
        }
    }
    let hash = core.passwords.hash(new).await?;
    // Read again: the check above may have given the old password a new hash.
    let stored = core.account(&caller.user).await?.password;
    if !core.accounts.set_password(&caller.user, &stored, hash).await.map_err(unavailable)? {
        return Err(Problem::new(StatusCode::CONFLICT, "changed_meanwhile", "The password was changed meanwhile"));
    }
    core.sessions.end_others(&caller.user, &caller.session).await.map_err(unavailable)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Ends the session and its refresh tokens.
#[utoipa::path(
    post, path = "/logout", tag = "sign-in", operation_id = "logout",
    responses(
        (status = 204, description = "Signed out"),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`cross_origin`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`rate_limited`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn logout(State(state): State<AppState>, Current(session): Current) -> Result<Response, Problem> {
    state.core.sessions.end(&session.user, &session.id).await.map_err(unavailable)?;
    let cookie = HeaderValue::from_str(&state.core.cookie.clear()).map_err(|_| Problem::internal_error())?;
    let clear = HeaderValue::from_static("\"cache\", \"cookies\", \"storage\"");
    let headers = [(SET_COOKIE, cookie), (HeaderName::from_static("clear-site-data"), clear)];
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}

/// The caller's own account.
#[utoipa::path(
    get, path = "/me", tag = "sign-in", operation_id = "me",
    responses(
        (status = 200, description = "Who it is", body = Me),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`rate_limited`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn me(State(state): State<AppState>, Current(session): Current) -> Result<Response, Problem> {
    let account = state.core.account(&session.user).await?;
    let me = Me {
        two_factor_enabled: state.engine().status(&session.user).await?.enabled,
        amr: session.amr(),
        auth_time: rfc3339(session.authenticated_at),
        last_login_at: account.last_login_at.map(rfc3339),
        email: account.email,
        user_id: session.user.to_string(),
    };
    Ok(Reply::default().members(&me)?.answer(StatusCode::OK))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangePassword {
    /// The present password.
    current: SecretField,
    /// The new one: 8 to 1,024 characters.
    new: SecretField,
    /// A code of an authenticator, where a second factor is live.
    code: Option<SecretField>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Me {
    user_id: String,
    email: String,
    two_factor_enabled: bool,
    /// How the session's holder authenticated (RFC 8176).
    amr: &'static [&'static str],
    #[schema(format = "date-time")]
    auth_time: String,
    #[schema(format = "date-time")]
    last_login_at: Option<String>,
}
