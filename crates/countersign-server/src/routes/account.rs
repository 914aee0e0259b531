use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use countersign_axum::{Problem, ProblemBody, Reply, Requester, SecretField, StrictJson, refusals, rfc3339};
use http::{HeaderName, HeaderValue, StatusCode, header::SET_COOKIE};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    core::unavailable,
    password_change::{self, PasswordChange},
    state::{AppState, Current, CurrentStatus},
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
        refusals::Bounded,
        refusals::InTimeWithHash,
    )
)]
pub(super) async fn change_password(
    State(state): State<AppState>,
    requester: Requester,
    Current(session): Current,
    StrictJson(body): StrictJson<ChangePassword>,
) -> Result<Response, Problem> {
    let change = PasswordChange {
        current: body.current.expose_str(),
        new: body.new.expose_str(),
        code: body.code.as_ref().map(SecretField::expose_str),
    };
    password_change::change_password(&state, session, change, &requester).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Ends the session and its refresh tokens.
#[utoipa::path(
    post, path = "/logout", tag = "sign-in", operation_id = "logout",
    responses(
        (status = 204, description = "Signed out"),
        refusals::SignedIn,
        refusals::SameOrigin,
        refusals::InTime,
    )
)]
pub(super) async fn logout(State(state): State<AppState>, Current(session): Current) -> Result<Response, Problem> {
    state.core.sessions.end(&session.user, &session.id).await.map_err(unavailable)?;
    let cookie = HeaderValue::from_str(&state.core.cookie.clear()).map_err(|_| Problem::internal_error())?;
    // Not the cookies: that this device is known outlives a session, and the session's own is cleared above.
    let clear = HeaderValue::from_static("\"cache\", \"storage\"");
    let headers = [(SET_COOKIE, cookie), (HeaderName::from_static("clear-site-data"), clear)];
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}

/// The caller's own account.
#[utoipa::path(
    get, path = "/me", tag = "sign-in", operation_id = "me",
    responses(
        (status = 200, description = "Who it is", body = Me),
        refusals::SignedIn,
        refusals::InTime,
    )
)]
pub(super) async fn me(
    State(state): State<AppState>,
    CurrentStatus(session, status): CurrentStatus,
) -> Result<Response, Problem> {
    let account = state.core.account(&session.user).await?;
    let me = Me {
        two_factor_enabled: status.enabled,
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
    #[schema(value_type = String, format = "password", min_length = 8, max_length = 1024)]
    new: SecretField,
    /// A code of an authenticator, where a second factor is live.
    #[schema(value_type = Option<String>, pattern = "^[0-9]{6}([0-9]{2})?$")]
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
