use axum::{extract::State, response::Response};
use base64ct::{Base64, Encoding};
use countersign::{
    Answer, FactorId, Purpose, Refusal, Verification,
    otp::{Algorithm, Digits, KeyUri, OtpError, Period, SecretBytes, SecretText, qr},
};
use http::{StatusCode, header::AUTHORIZATION, request::Parts};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{answer::one_answer, described::Code};
use crate::{
    Handle, Problem, ProblemBody, Reply, Requester, STEP_UP_MAX_AGE, SecretField, StrictJson,
    flow::{self, Enrolling, Wanted},
    refusals, rfc3339,
};

/// Begins the set-up of an authenticator.
#[utoipa::path(
    post, path = "/setup", tag = "second factor", operation_id = "setup", request_body = Setup,
    responses(
        (status = 200, description = "A pending factor, shown this once", body = SetupBegun<'static>),
        (status = 400, description = "`malformed_request`, `malformed_code`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`, `insufficient_user_authentication`, `password_required`, `invalid_credentials`, `invalid_code`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`account_locked`, `cross_origin`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`too_many_factors`", body = ProblemBody, content_type = "application/problem+json"),
        refusals::Bounded,
        refusals::InTimeWithHash,
    )
)]
pub(super) async fn setup(
    State(handle): State<Handle>,
    requester: Requester,
    enrolling: Enrolling,
    StrictJson(body): StrictJson<Setup>,
) -> Result<Response, Problem> {
    let digits = match body.digits {
        None => None,
        Some(6) => Some(Digits::SIX),
        Some(8) => Some(Digits::EIGHT),
        Some(_) => return Err(Problem::malformed_request().detail("`digits` is 6 or 8")),
    };
    let algorithm = match body.algorithm.as_deref().map(str::parse::<Algorithm>) {
        None => None,
        Some(Ok(algorithm)) => Some(algorithm),
        Some(Err(_)) => return Err(Problem::malformed_request().detail("`algorithm` is SHA1, SHA256 or SHA512")),
    };
    let answer = one_answer(body.code.as_ref(), body.backup_code.as_ref())?;
    let wanted = Wanted {
        name: body.name.as_deref(),
        digits,
        algorithm,
        password: body.password.as_ref().map(SecretField::expose_str),
        answer,
    };
    let enrolment = flow::begin(&handle, &enrolling, wanted, &requester).await?;
    let uri = enrolment.uri.expose_str();
    let (svg, png) = qr_codes(uri).map_err(|_| Problem::internal_error())?;
    let begun = SetupBegun {
        factor_id: enrolment.factor_id,
        secret: enrolment.secret.expose_str(),
        otpauth_uri: uri,
        qr_svg: svg.expose(),
        qr_png: format!("data:image/png;base64,{}", Base64::encode_string(png.expose())),
        digits: enrolment.digits.get(),
        period: enrolment.period.map(Period::as_secs),
        algorithm: enrolment.algorithm.name(),
        expires_at: rfc3339(enrolment.expires_at),
    };
    Ok(Reply::default().members(&begun)?.answer(StatusCode::OK))
}

/// Confirms a pending factor; where none is pending, checks the caller's live one, which raises the session.
#[utoipa::path(
    post, path = "/verify", tag = "second factor", operation_id = "verify", request_body = Verify,
    responses(
        (status = 200, description = "Enabled, with backup codes shown this once and the host's tokens; or the session is raised", body = Verified),
        (status = 400, description = "`malformed_request`, `malformed_code`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`, `invalid_code`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`2fa_not_enabled`, `account_locked`, `cross_origin`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`nothing_pending`", body = ProblemBody, content_type = "application/problem+json"),
        refusals::Bounded,
        refusals::InTimeWithHash,
    )
)]
pub(super) async fn verify(
    State(handle): State<Handle>,
    requester: Requester,
    enrolling: Enrolling,
    StrictJson(body): StrictJson<Verify>,
) -> Result<Response, Problem> {
    let code = body.code.expose_str();
    let factor = match body.factor_id.as_deref().map(str::parse::<FactorId>) {
        None => None,
        Some(Ok(id)) => Some(id),
        // What is no factor's id is not the pending one's.
        Some(Err(_)) => return Err(Refusal::NothingPending.into()),
    };
    if let Some(enabled) = flow::confirm(&handle, &enrolling, factor, code, &requester).await? {
        let verified = Verified::Enabled {
            factor_id: enabled.factor_id,
            backup_codes: enabled.backup_codes.iter().map(|code| code.expose_str().to_owned()).collect(),
        };
        return Ok(enabled.reply.members(&verified)?.answer(StatusCode::OK));
    }
    let caller = match enrolling {
        Enrolling::Session(caller) if factor.is_none() => caller,
        _ => return Err(Refusal::NothingPending.into()),
    };
    match handle.engine().step_up(&caller.user, Purpose::StepUp, Answer::Code(code), &requester.client()).await? {
        Verification::Accepted { proof, .. } => {
            let until = proof.at().saturating_add(STEP_UP_MAX_AGE);
            let verified = Verified::Verified { step_up_until: rfc3339(until) };
            let reply = handle.host().raise_session(&caller, proof).await?;
            Ok(reply.members(&verified)?.answer(StatusCode::OK))
        }
        Verification::Refused(refusal) => Err(refusal.into()),
    }
}

/// Somebody signed in, or the holder of an open set-up ticket, sent as Bearer.
impl<S> axum::extract::FromRequestParts<S> for Enrolling
where
    S: Send + Sync,
    Handle: axum::extract::FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let handle = <Handle as axum::extract::FromRef<S>>::from_ref(state);
        if let Some(caller) = handle.caller(parts).await? {
            return Ok(Self::Session(caller));
        }
        let ticket = bearer(parts).ok_or_else(Problem::unauthorized)?;
        Self::of_ticket(&handle, ticket).await?.ok_or_else(Problem::unauthorized)
    }
}

fn qr_codes(uri: &str) -> Result<(SecretText, SecretBytes), OtpError> {
    let text = KeyUri::parse(uri)?.expose();
    Ok((qr::svg(&text)?, qr::png(&text)?))
}

fn bearer(parts: &Parts) -> Option<&str> {
    let (scheme, token) = parts.headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim_matches(' '))
}

/// What a new factor is to be like, and one answer of the live one; described in `described`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Setup {
    name: Option<String>,
    digits: Option<u64>,
    algorithm: Option<String>,
    password: Option<SecretField>,
    code: Option<SecretField>,
    backup_code: Option<SecretField>,
}

#[derive(ToSchema)]
#[schema(rename_all = "UPPERCASE")]
#[expect(dead_code, reason = "the schema of a field that is read as text")]
pub(super) enum AlgorithmName {
    Sha1,
    Sha256,
    Sha512,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SetupBegun<'a> {
    #[schema(value_type = String)]
    factor_id: FactorId,
    /// The secret in Base32, for typing.
    secret: &'a str,
    /// The URI in the QR code.
    otpauth_uri: &'a str,
    /// The QR code as an SVG document.
    qr_svg: &'a str,
    /// The QR code as a PNG, in a data: URI.
    qr_png: String,
    digits: u8,
    /// Seconds a code is good for.
    period: Option<u64>,
    algorithm: &'a str,
    /// When the pending factor is dropped.
    #[schema(format = "date-time")]
    expires_at: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Verify {
    #[schema(value_type = Code, inline)]
    code: SecretField,
    /// The pending factor that is meant.
    factor_id: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub(super) enum Verified {
    /// The factor is live.
    Enabled {
        #[schema(value_type = String)]
        factor_id: FactorId,
        /// Shown this once.
        backup_codes: Vec<String>,
    },
    /// The session is raised.
    Verified {
        #[schema(format = "date-time")]
        step_up_until: String,
    },
}
