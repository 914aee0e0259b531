mod answer;
mod described;
mod enrol;
mod manage;
mod sign_in;
mod status;

use axum::{Router, extract::FromRef};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{Handle, Problem};

/// All routes of this crate: `POST /login/2fa`, and the second factor under `/2fa`.
///
/// Whoever wants them elsewhere nests [`second_step`] and [`factors`] by themselves.
///
/// A wrong method answers 405 `method_not_allowed`; what to answer for an unknown path is left to the application.
pub fn router<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Handle: FromRef<S>,
{
    let routes = OpenApiRouter::new().merge(second_step()).nest("/2fa", factors());
    Router::from(routes).method_not_allowed_fallback(async || Problem::method_not_allowed())
}

/// The second step of a sign-in, `POST /login/2fa`, with its description.
#[must_use]
pub fn second_step<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Handle: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(sign_in::second_step))
}

/// The caller's own second factor, to be nested at `/2fa`, with its description.
#[must_use]
pub fn factors<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Handle: FromRef<S>,
{
    OpenApiRouter::new()
        .routes(routes!(enrol::setup))
        .routes(routes!(enrol::verify))
        .routes(routes!(status::status))
        .routes(routes!(status::events))
        .routes(routes!(manage::regenerate))
        .routes(routes!(manage::disable))
        .routes(routes!(manage::remove_factor, manage::rename_factor))
}
