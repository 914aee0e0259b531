use axum::{extract::State, response::Response};
use countersign::{Challenge, History, store::UserId};
use countersign_axum::{Problem, ProblemBody, Requester, StrictJson};
use http::StatusCode;

use super::sign_in::{Credentials, FirstStep, setup_required, signed_in};
use crate::{accounts::Created, core::unavailable, email::EmailAddress, state::AppState};

/// Makes an account.
#[utoipa::path(
    post, path = "/register", tag = "sign-in", operation_id = "register", request_body = Credentials, security(()),
    responses(
        (status = 201, description = "The account is there; a second factor has to be set up first, or the tokens are here", body = FirstStep),
        (status = 400, description = "`malformed_request`, `invalid_email`, `weak_password`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`user_exists`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "`body_too_large`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`rate_limited`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`, `busy`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn register(
    State(state): State<AppState>,
    requester: Requester,
    StrictJson(body): StrictJson<Credentials>,
) -> Result<Response, Problem> {
    let invalid_email =
        || Problem::new(StatusCode::BAD_REQUEST, "invalid_email", "This is not an e-mail address that can be used");
    let email: EmailAddress = body.email.parse().map_err(|_| invalid_email())?;
    let password = body.password.expose_str();
    state.password_rules.check(password, &email).map_err(weak_password)?;
    let core = &state.core;
    if core.accounts.by_email(&email).await.map_err(unavailable)?.is_some() {
        return Err(user_exists());
    }
    let hash = core.passwords.hash(password).await?;
    let id = UserId::new(core.ids.uuid()?.to_string()).map_err(|_| Problem::internal_error())?;
    match core.accounts.create(&id, &email, hash, core.ids.now()?).await.map_err(unavailable)? {
        Created::Done => {}
        Created::Exists => return Err(user_exists()),
    }
    match state.engine().after_first_factor(&id, History::Never, &requester.client()).await? {
        Challenge::SetupRequired(ticket) => {
            setup_required(&ticket, Some(&id)).map(|reply| reply.answer(StatusCode::CREATED))
        }
        Challenge::NotDue { epoch } => {
            signed_in(&state, &id, epoch, &requester).await.map(|reply| reply.answer(StatusCode::CREATED))
        }
        // A new account has no second factor to ask for.
        _ => Err(Problem::internal_error()),
    }
}

/// 400 `weak_password`, saying what is wrong with it.
pub(super) fn weak_password(wrong: &'static str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "weak_password", "This password is too easy to guess").detail(wrong)
}

fn user_exists() -> Problem {
    Problem::new(StatusCode::CONFLICT, "user_exists", "There is an account with this address")
}
