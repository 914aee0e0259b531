use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use countersign_axum::{Problem, Reply, refusals, rfc3339};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    core::unavailable,
    ids::is_id,
    state::{AppState, Current},
};

/// The caller's own sessions.
#[utoipa::path(
    get, path = "/sessions", tag = "sessions", operation_id = "list_sessions",
    responses(
        (status = 200, description = "Those that hold, the last used first", body = Sessions),
        refusals::SignedIn,
        refusals::InTime,
    )
)]
pub(super) async fn list(State(state): State<AppState>, Current(current): Current) -> Result<Response, Problem> {
    let now = state.core.ids.now()?;
    let sessions = state.core.sessions.of(&current.user, now).await.map_err(unavailable)?;
    let sessions = sessions.into_iter().map(|session| OneSession {
        current: session.id == current.id,
        id: session.id,
        device: session.device_name,
        address: session.network,
        created_at: rfc3339(session.created_at),
        last_seen_at: rfc3339(session.last_seen_at),
    });
    Ok(Reply::default().members(&Sessions { sessions: sessions.collect() })?.answer(StatusCode::OK))
}

/// Ends one of the caller's own sessions.
#[utoipa::path(
    delete, path = "/sessions/{id}", tag = "sessions", operation_id = "end_session",
    params(("id" = String, Path, description = "The session")),
    responses(
        (status = 204, description = "It has ended"),
        refusals::SignedIn,
        refusals::SameOrigin,
        refusals::Existing,
        refusals::InTime,
    )
)]
pub(super) async fn end(
    State(state): State<AppState>,
    Current(current): Current,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    match is_id(&id) && state.core.sessions.end(&current.user, &id).await.map_err(unavailable)? {
        true => Ok(StatusCode::NO_CONTENT.into_response()),
        false => Err(Problem::not_found()),
    }
}

/// Ends all of the caller's sessions but this one.
#[utoipa::path(
    delete, path = "/sessions", tag = "sessions", operation_id = "end_other_sessions",
    responses(
        (status = 204, description = "They have ended"),
        refusals::SignedIn,
        refusals::SameOrigin,
        refusals::InTime,
    )
)]
pub(super) async fn end_others(State(state): State<AppState>, Current(current): Current) -> Result<Response, Problem> {
    state.core.sessions.end_others(&current.user, &current.id).await.map_err(unavailable)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Sessions {
    sessions: Vec<OneSession>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
struct OneSession {
    id: String,
    /// Browser and system.
    device: String,
    /// The address it began from, shortened.
    address: String,
    #[schema(format = "date-time")]
    created_at: String,
    #[schema(format = "date-time")]
    last_seen_at: String,
    /// Whether it is the one that asks.
    current: bool,
}
