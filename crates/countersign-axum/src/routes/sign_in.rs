use axum::{extract::State, response::Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::one_answer;
use crate::{Handle, Problem, ProblemBody, Requester, SecretField, StrictJson, flow, refusals};

/// The second step of a sign-in.
#[utoipa::path(
    post, path = "/login/2fa", tag = "sign-in", operation_id = "second_step", request_body = SecondStep, security(()),
    responses(
        (status = 200, description = "Signed in; the host's tokens are among the members", body = SecondStepDone),
        (status = 400, description = "`malformed_request`, `malformed_code`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`invalid_code`, `ticket_invalid`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`account_locked`", body = ProblemBody, content_type = "application/problem+json"),
        refusals::Bounded,
        refusals::InTimeWithHash,
    )
)]
pub(super) async fn second_step(
    State(handle): State<Handle>,
    requester: Requester,
    StrictJson(body): StrictJson<SecondStep>,
) -> Result<Response, Problem> {
    let answer = one_answer(body.code.as_ref(), body.backup_code.as_ref())?
        .ok_or_else(|| Problem::malformed_request().detail("Send `code` or `backup_code`"))?;
    let remember_device = body.remember_device == Some(true);
    let signed_in = flow::second_step(&handle, body.ticket.expose_str(), answer, remember_device, &requester).await?;
    let done = SecondStepDone { status: SignedIn::Success, backup_codes_left: signed_in.backup_codes_left };
    Ok(signed_in.reply.members(&done)?.answer(StatusCode::OK))
}

/// The ticket of the first step, and one answer to it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SecondStep {
    /// What the first step gave.
    ticket: SecretField,
    /// A code of an authenticator.
    code: Option<SecretField>,
    /// A backup code.
    backup_code: Option<SecretField>,
    /// Whether this client is to become a known device.
    remember_device: Option<bool>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SecondStepDone {
    status: SignedIn,
    /// Backup codes left after this.
    backup_codes_left: usize,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SignedIn {
    Success,
}
