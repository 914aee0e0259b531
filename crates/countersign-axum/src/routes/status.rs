use axum::{
    extract::{FromRef, FromRequestParts, State},
    response::Response,
};
use countersign::{FactorId, Status};
use http::{StatusCode, request::Parts};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{Caller, Handle, Problem, Reply, refusals, rfc3339};

/// The caller's own second factor.
#[utoipa::path(
    get, path = "/status", tag = "second factor", operation_id = "status",
    responses(
        (status = 200, description = "How it stands", body = StatusNow),
        refusals::SignedIn,
        refusals::InTime,
    )
)]
pub(super) async fn status(CallersStatus(status): CallersStatus) -> Result<Response, Problem> {
    let factors = status.factors.into_iter().map(|factor| FactorNow {
        factor_id: factor.id,
        kind: factor.kind.as_str(),
        name: factor.name,
        created_at: rfc3339(factor.created_at),
        last_used_at: factor.last_used_at.map(rfc3339),
    });
    let now = StatusNow {
        enabled: status.enabled,
        required: status.required,
        factors: factors.collect(),
        enabled_at: status.enabled_at.map(rfc3339),
        backup_codes_left: status.backup_codes_left,
        backup_codes_generated_at: status.backup_codes_generated_at.map(rfc3339),
        locked: status.locked,
        locked_until: status.locked_until.map(rfc3339),
    };
    Ok(Reply::default().members(&now)?.answer(StatusCode::OK))
}

/// The caller's own recent security events, the newest first.
#[utoipa::path(
    get, path = "/events", tag = "second factor", operation_id = "events",
    responses(
        (status = 200, description = "Up to 50 of them", body = Events),
        refusals::SignedIn,
        refusals::InTime,
    )
)]
pub(super) async fn events(State(handle): State<Handle>, caller: Caller) -> Result<Response, Problem> {
    let events = handle.engine().events(&caller.user, 50).await?.into_iter().map(|event| Event {
        sequence: event.sequence,
        at: rfc3339(event.at),
        kind: event.kind,
        detail: detail(&event.detail),
    });
    Ok(Reply::default().members(&Events { events: events.collect() })?.answer(StatusCode::OK))
}

/// How the caller's second factor stands.
#[derive(Debug)]
pub(super) struct CallersStatus(Status);

impl<S> FromRequestParts<S> for CallersStatus
where
    S: Send + Sync,
    Handle: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let found = Handle::from_ref(state).caller_and_status(parts).await?;
        found.map(|(_, status)| Self(status)).ok_or_else(Problem::unauthorized)
    }
}

/// What an event says beside its kind. Its address is sealed, and of no use to anybody without the keys.
fn detail(text: &str) -> Value {
    let mut detail = serde_json::from_str(text).unwrap_or(Value::Null);
    if let Value::Object(members) = &mut detail {
        members.remove("address");
    }
    detail
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StatusNow {
    /// Whether there is a live factor.
    enabled: bool,
    /// Whether the policy demands one.
    required: bool,
    /// The live factors, oldest first.
    factors: Vec<FactorNow>,
    #[schema(format = "date-time")]
    enabled_at: Option<String>,
    backup_codes_left: usize,
    #[schema(format = "date-time")]
    backup_codes_generated_at: Option<String>,
    /// Whether codes are not looked at. With no `locked_until`, only a backup code or an admin ends that.
    locked: bool,
    #[schema(format = "date-time")]
    locked_until: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct FactorNow {
    #[schema(value_type = String)]
    factor_id: FactorId,
    kind: &'static str,
    name: String,
    #[schema(format = "date-time")]
    created_at: String,
    #[schema(format = "date-time")]
    last_used_at: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Events {
    events: Vec<Event>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Event {
    /// Its place in the account's trail, from 1.
    sequence: u64,
    #[schema(format = "date-time")]
    at: String,
    kind: String,
    #[schema(value_type = Object)]
    detail: Value,
}
