use axum::{Json, extract::State, response::IntoResponse};
use countersign_axum::{Problem, ProblemBody};
use http::{StatusCode, header::CONTENT_TYPE};
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::AppState;

/// Whether the process answers.
#[utoipa::path(
    get, path = "/healthz", tag = "operations", operation_id = "healthz", security(()),
    responses((status = 200, description = "It does", body = Health))
)]
pub(super) async fn healthz() -> impl IntoResponse {
    Json(Health { status: "ok" })
}

/// Whether the server can do its work.
#[utoipa::path(
    get, path = "/readyz", tag = "operations", operation_id = "readyz", security(()),
    responses(
        (status = 200, description = "It can", body = Health),
        (status = 503, description = "`unavailable`; the detail names the parts that fail", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn readyz(State(state): State<AppState>) -> Result<impl IntoResponse, Problem> {
    let mut failing = state.readiness.failing().await;
    let ring = state.core.vault.key_ring();
    if state.core.vault.subkey(&ring.active_id(), READY).is_none() {
        failing.push("key ring");
    }
    if failing.is_empty() {
        return Ok(Json(Health { status: "ready" }));
    }
    Err(Problem::unavailable().detail(format!("No answer from: {}", failing.join(", "))))
}

/// Counters in the text format of Prometheus.
#[utoipa::path(
    get, path = "/metrics", tag = "operations", operation_id = "metrics", security(()),
    responses((status = 200, description = "The counters", body = String, content_type = "text/plain"))
)]
pub(super) async fn metrics(State(state): State<AppState>) -> impl IntoResponse {
    let text = state.metrics.as_ref().map_or_else(String::new, |metrics| metrics.render());
    (StatusCode::OK, [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
}

const READY: countersign::vault::Purpose = countersign::vault::Purpose::new("countersign-server/ready");

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    status: &'static str,
}
