use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use countersign_axum::{Problem, Reply, Requester, refusals, rfc3339};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    core::unavailable,
    state::{AppState, Current},
};

/// What the caller has signed in on.
#[utoipa::path(
    get, path = "/devices", tag = "sessions", operation_id = "list_devices",
    responses(
        (status = 200, description = "The last seen first", body = Devices),
        refusals::SignedIn,
        refusals::InTime,
    )
)]
pub(super) async fn list(State(state): State<AppState>, Current(current): Current) -> Result<Response, Problem> {
    let devices = state.core.devices.of(&current.user).await.map_err(unavailable)?;
    let devices = devices.into_iter().map(|device| OneDevice {
        current: device.id == current.device,
        id: device.id,
        device: device.name,
        address: device.network,
        created_at: rfc3339(device.first_seen_at),
        last_seen_at: rfc3339(device.last_seen_at),
    });
    Ok(Reply::default().members(&Devices { devices: devices.collect() })?.answer(StatusCode::OK))
}

/// Forgets one of the caller's devices and ends its sessions.
#[utoipa::path(
    delete, path = "/devices/{id}", tag = "sessions", operation_id = "forget_device",
    params(("id" = String, Path, description = "The device")),
    responses(
        (status = 204, description = "It is forgotten"),
        refusals::SignedIn,
        refusals::SameOrigin,
        refusals::Existing,
        refusals::InTime,
    )
)]
pub(super) async fn forget(
    State(state): State<AppState>,
    requester: Requester,
    Current(current): Current,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    match state.core.forget_device(&current, &id, &requester).await? {
        true => Ok(StatusCode::NO_CONTENT.into_response()),
        false => Err(Problem::not_found()),
    }
}

/// Forgets all of the caller's devices but this one, and ends their sessions.
#[utoipa::path(
    delete, path = "/devices", tag = "sessions", operation_id = "forget_other_devices",
    responses(
        (status = 204, description = "They are forgotten"),
        refusals::SignedIn,
        refusals::SameOrigin,
        refusals::InTime,
    )
)]
pub(super) async fn forget_others(
    State(state): State<AppState>,
    requester: Requester,
    Current(current): Current,
) -> Result<Response, Problem> {
    state.core.forget_other_devices(&current, &requester).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Devices {
    devices: Vec<OneDevice>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Device)]
struct OneDevice {
    id: String,
    /// Browser and system.
    device: String,
    /// The address it signed in from, shortened.
    address: String,
    #[schema(format = "date-time")]
    created_at: String,
    #[schema(format = "date-time")]
    last_seen_at: String,
    /// Whether it is the one that asks.
    current: bool,
}
