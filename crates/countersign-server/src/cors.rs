use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use countersign_axum::Problem;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, ORIGIN, RETRY_AFTER, SET_COOKIE, WWW_AUTHENTICATE},
    request::Parts,
};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::settings::{Origin, PublicUrl};

/// The other origins whose pages may call the API (Fetch standard, CORS protocol): with access tokens, never with
/// cookies.
#[derive(Clone, Debug)]
pub(crate) struct OtherOrigins(Arc<[Origin]>);

/// What they may call.
const API: &str = "/api/v1/";

/// How long a browser may remember that it asked.
const REMEMBERED: Duration = Duration::from_secs(600);

impl OtherOrigins {
    /// These origins without the server's own, which is none of the others; `None` if none is left.
    #[must_use]
    pub(crate) fn new(origins: &[Origin], own: &PublicUrl) -> Option<Self> {
        let others: Vec<Origin> = origins.iter().filter(|origin| origin.as_str() != own.as_str()).cloned().collect();
        (!others.is_empty()).then(|| Self(others.into()))
    }

    /// The origins.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Origin> {
        self.0.iter()
    }

    /// Says to browsers what pages of these origins may ask and read.
    pub(crate) fn layer(&self) -> CorsLayer {
        let this = self.clone();
        let allowed =
            move |origin: &HeaderValue, parts: &Parts| parts.uri.path().starts_with(API) && this.contains(origin);
        CorsLayer::new()
            .allow_origin(AllowOrigin::predicate(allowed))
            .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
            .allow_headers([AUTHORIZATION, CONTENT_TYPE])
            .expose_headers([
                RETRY_AFTER,
                WWW_AUTHENTICATE,
                HeaderName::from_static("ratelimit"),
                HeaderName::from_static("ratelimit-policy"),
                HeaderName::from_static("x-request-id"),
            ])
            .max_age(REMEMBERED)
    }

    fn contains(&self, origin: &HeaderValue) -> bool {
        self.0.iter().any(|known| known.as_str().as_bytes() == origin.as_bytes())
    }

    fn sent(&self, headers: &HeaderMap) -> bool {
        headers.get(ORIGIN).is_some_and(|origin| self.contains(origin))
    }
}

/// Middleware: a request that another origin's page sends changes something through the API alone, and never on the word
/// of a cookie; its answer sets none.
///
/// A browser that follows the rules asks first and is told not to send cookies. Forms need not ask, and an origin of the
/// same site is sent `SameSite` cookies: so it is refused here as well.
pub(crate) async fn without_cookies(State(others): State<OtherOrigins>, request: Request, next: Next) -> Response {
    if !others.sent(request.headers()) {
        return next.run(request).await;
    }
    let by_cookie = request.headers().contains_key(COOKIE) && !request.headers().contains_key(AUTHORIZATION);
    if !request.method().is_safe() && (by_cookie || !request.uri().path().starts_with(API)) {
        return Problem::cross_origin().detail("Another site calls the API without cookies").into_response();
    }
    let mut response = next.run(request).await;
    response.headers_mut().remove(SET_COOKIE);
    response
}
