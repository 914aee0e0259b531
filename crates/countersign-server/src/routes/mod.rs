mod account;
mod devices;
mod docs;
mod health;
mod sessions;
mod sign_in;
mod sign_up;
mod tokens;

use axum::Router;
use utoipa::{
    OpenApi,
    openapi::{
        OpenApi as Description,
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{pages, state::AppState};

/// All routes of the server, without its layers.
pub(crate) fn router(state: AppState) -> Router {
    let auth = OpenApiRouter::new()
        .routes(routes!(sign_up::register))
        .routes(routes!(sign_in::login))
        .merge(countersign_axum::second_step())
        .routes(routes!(tokens::refresh))
        .routes(routes!(account::change_password))
        .routes(routes!(account::logout))
        .routes(routes!(account::me));
    let api = OpenApiRouter::new()
        .nest("/auth", auth)
        .nest("/2fa", countersign_axum::factors())
        .routes(routes!(sessions::list, sessions::end_others))
        .routes(routes!(sessions::end))
        .routes(routes!(devices::list, devices::forget_others))
        .routes(routes!(devices::forget));
    let (routes, description) = OpenApiRouter::with_openapi(description(&state))
        .nest("/api/v1", api)
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
        .split_for_parts();
    routes.merge(docs::router(&description)).merge(pages::router()).with_state(state)
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Countersign", description = "Accounts with a second factor"),
    security(("bearer" = []), ("session" = [])),
    tags(
        (name = "sign-in", description = "Signing up, in and out"),
        (name = "second factor", description = "The caller's own second factor"),
        (name = "sessions", description = "The caller's own sessions and devices"),
        (name = "operations", description = "For whoever runs the server"),
    )
)]
struct Api;

fn description(state: &AppState) -> Description {
    let mut description = Api::openapi();
    let bearer = Http::builder().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    let cookie = ApiKey::Cookie(ApiKeyValue::new(state.core.cookie.name()));
    let components = description.components.get_or_insert_default();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
    description
}
