use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use countersign::FactorId;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    answer::one_answer,
    described::{Code, FactorName},
};
use crate::{Caller, Handle, Problem, ProblemBody, Reply, Requester, SecretField, StrictJson, flow, refusals};

/// Makes a new set of backup codes; all older ones are dead.
#[utoipa::path(
    post, path = "/backup-codes/regenerate", tag = "second factor", operation_id = "regenerate_backup_codes", request_body = Regenerate,
    responses(
        (status = 200, description = "The new codes, shown this once", body = Regenerated),
        (status = 400, description = "`malformed_request`, `malformed_code`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`, `insufficient_user_authentication`, `invalid_code`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`2fa_not_enabled`, `account_locked`, `cross_origin`", body = ProblemBody, content_type = "application/problem+json"),
        refusals::Bounded,
        refusals::InTimeWithHash,
    )
)]
pub(super) async fn regenerate(
    State(handle): State<Handle>,
    requester: Requester,
    caller: Caller,
    StrictJson(body): StrictJson<Regenerate>,
) -> Result<Response, Problem> {
    let answer = one_answer(body.code.as_ref(), None)?;
    let codes = flow::regenerate(&handle, &caller, answer, &requester).await?;
    let regenerated = Regenerated { backup_codes: codes.iter().map(|code| code.expose_str().to_owned()).collect() };
    Ok(Reply::default().members(&regenerated)?.answer(StatusCode::OK))
}

/// Turns the second factor off.
#[utoipa::path(
    post, path = "/disable", tag = "second factor", operation_id = "disable", request_body = Disable,
    responses(
        (status = 200, description = "Off; other sessions are over", body = Disabled),
        (status = 400, description = "`malformed_request`, `malformed_code`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`, `password_required`, `invalid_credentials`, `insufficient_user_authentication`, `invalid_code`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`2fa_required_by_policy`, `2fa_not_enabled`, `account_locked`, `cross_origin`", body = ProblemBody, content_type = "application/problem+json"),
        refusals::Bounded,
        refusals::InTimeWithHash,
    )
)]
pub(super) async fn disable(
    State(handle): State<Handle>,
    requester: Requester,
    caller: Caller,
    StrictJson(body): StrictJson<Disable>,
) -> Result<Response, Problem> {
    let answer = one_answer(body.code.as_ref(), body.backup_code.as_ref())?;
    flow::turn_off(&handle, &caller, body.password(), answer, &requester).await?;
    Ok(Reply::default().members(&Disabled { status: Off::Disabled })?.answer(StatusCode::OK))
}

/// Removes one factor; the last one turns the second factor off, and asks for what that asks for.
#[utoipa::path(
    delete, path = "/factors/{factor_id}", tag = "second factor", operation_id = "remove_factor", request_body = Disable,
    params(("factor_id" = String, Path, description = "The factor")),
    responses(
        (status = 204, description = "Removed; other sessions are over"),
        (status = 400, description = "`malformed_request`, `malformed_code`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`, `password_required`, `invalid_credentials`, `insufficient_user_authentication`, `invalid_code`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`2fa_required_by_policy`, `account_locked`, `cross_origin`", body = ProblemBody, content_type = "application/problem+json"),
        refusals::Existing,
        refusals::Bounded,
        refusals::InTimeWithHash,
    )
)]
pub(super) async fn remove_factor(
    State(handle): State<Handle>,
    requester: Requester,
    caller: Caller,
    Path(factor): Path<String>,
    StrictJson(body): StrictJson<Disable>,
) -> Result<Response, Problem> {
    let factor: FactorId = factor.parse().map_err(|_| Problem::not_found())?;
    let answer = one_answer(body.code.as_ref(), body.backup_code.as_ref())?;
    flow::remove_factor(&handle, &caller, factor, body.password(), answer, &requester).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Gives a factor another name.
#[utoipa::path(
    patch, path = "/factors/{factor_id}", tag = "second factor", operation_id = "rename_factor", request_body = Rename,
    params(("factor_id" = String, Path, description = "The factor")),
    responses(
        (status = 200, description = "Renamed", body = Renamed),
        (status = 400, description = "`malformed_request`", body = ProblemBody, content_type = "application/problem+json"),
        refusals::SignedIn,
        refusals::SameOrigin,
        refusals::Existing,
        refusals::Bounded,
        refusals::InTimeWithHash,
    )
)]
pub(super) async fn rename_factor(
    State(handle): State<Handle>,
    requester: Requester,
    caller: Caller,
    Path(factor): Path<String>,
    StrictJson(body): StrictJson<Rename>,
) -> Result<Response, Problem> {
    let factor_id: FactorId = factor.parse().map_err(|_| Problem::not_found())?;
    flow::rename_factor(&handle, &caller, factor_id, &body.name, &requester).await?;
    Ok(Reply::default().members(&Renamed { factor_id, name: body.name })?.answer(StatusCode::OK))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Regenerate {
    /// A code of the authenticator.
    #[schema(value_type = Option<Code>, inline)]
    code: Option<SecretField>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Regenerated {
    /// Shown this once.
    backup_codes: Vec<String>,
}

/// The password and one answer; described in `described`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Disable {
    password: Option<SecretField>,
    code: Option<SecretField>,
    backup_code: Option<SecretField>,
}

impl Disable {
    fn password(&self) -> Option<&str> {
        self.password.as_ref().map(SecretField::expose_str)
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Disabled {
    status: Off,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Off {
    Disabled,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Rename {
    #[schema(value_type = FactorName, inline)]
    name: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Renamed {
    #[schema(value_type = String)]
    factor_id: FactorId,
    name: String,
}
