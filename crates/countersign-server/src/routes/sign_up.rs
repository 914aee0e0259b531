use axum::{extract::State, response::Response};
use countersign_axum::{Problem, ProblemBody, Requester, StrictJson, refusals};
use http::StatusCode;

use super::sign_in::{Credentials, FirstStep, reply};
use crate::{first_step, state::AppState};

/// Makes an account.
#[utoipa::path(
    post, path = "/register", tag = "sign-in", operation_id = "register", request_body = Credentials, security(()),
    responses(
        (status = 201, description = "The account is there; a second factor has to be set up first, or the tokens are here", body = FirstStep),
        (status = 400, description = "`malformed_request`, `invalid_email`, `weak_password`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`user_exists`", body = ProblemBody, content_type = "application/problem+json"),
        refusals::Bounded,
        refusals::InTimeWithHash,
    )
)]
pub(super) async fn register(
    State(state): State<AppState>,
    requester: Requester,
    StrictJson(body): StrictJson<Credentials>,
) -> Result<Response, Problem> {
    let (id, next) = first_step::sign_up(&state, &body.email, body.password.expose_str(), &requester).await?;
    Ok(reply(next, Some(&id))?.answer(StatusCode::CREATED))
}
