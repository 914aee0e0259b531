mod account;
mod devices;
mod docs;
mod health;
mod sessions;
mod sign_in;
mod sign_up;
mod tokens;

use axum::Router;
use countersign_axum::RoutePattern;
use http::Method;
use utoipa::{
    OpenApi,
    openapi::{
        OpenApi as Description,
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{pages, state::AppState};

/// Where the server says how it stands, also when that is badly.
pub(crate) const STANDING: &[&str] = &["/healthz", "/readyz", "/metrics"];

/// All routes of the server, without its layers.
pub(crate) fn router(state: AppState) -> Router {
    let (routes, mut description) = api();
    name_schemes(&mut description, state.core.cookie.name());
    routes.merge(docs::router(&description)).merge(pages::router()).with_state(state)
}

/// Whether the server has a route among these.
pub(crate) fn has(pattern: &RoutePattern) -> bool {
    const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let (_, description) = api();
    let described = description.paths.paths.iter().flat_map(|(template, item)| {
        let operations = [&item.get, &item.post, &item.put, &item.patch, &item.delete];
        let there = METHODS.into_iter().zip(operations).filter(|(_, operation)| operation.is_some());
        there.map(|(method, _)| (method, template.as_str()))
    });
    let pages = pages::templates().into_iter().flat_map(|template| [(Method::GET, template), (Method::POST, template)]);
    let docs = docs::TEMPLATES.into_iter().map(|template| (Method::GET, template));
    described.chain(docs).any(|(method, template)| pattern.contains(&method, template))
        || pages.into_iter().any(|(method, template)| pattern.contains(&method, template))
}

fn api() -> (Router<AppState>, Description) {
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
    OpenApiRouter::with_openapi(Api::openapi())
        .nest("/api/v1", api)
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
        .split_for_parts()
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

fn name_schemes(description: &mut Description, cookie: &str) {
    let bearer = Http::builder().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    let cookie = ApiKey::Cookie(ApiKeyValue::new(cookie));
    let components = description.components.get_or_insert_default();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
}
