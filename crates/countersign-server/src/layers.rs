use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{MatchedPath, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use countersign::clock::Clock;
use countersign_axum::{
    AddressLimit, BODY_LIMIT, Problem, RouteLimits, TrustedProxies, client_address, limit_by_address, limit_by_route,
};
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_LENGTH, EXPECT, STRICT_TRANSPORT_SECURITY},
};
use http_body_util::BodyExt as _;
use tower_http::{
    catch_panic::CatchPanicLayer,
    csrf::{CsrfLayer, ProtectionError},
};
use tracing::Instrument as _;

use crate::{
    arriving::Arriving,
    cors::{OtherOrigins, without_cookies},
    ids::Ids,
    pages::for_people,
    settings::{Origin, PublicUrl},
};

/// What stands before every route.
#[derive(Clone, Debug)]
pub(crate) struct Layers {
    /// Where clients reach this server.
    pub(crate) public_url: PublicUrl,
    /// Other origins whose pages may call the API, if there are any.
    pub(crate) other_origins: Option<OtherOrigins>,
    /// The proxies that are believed.
    pub(crate) trusted_proxies: TrustedProxies,
    /// Requests per client address, if they are limited.
    pub(crate) general_limit: Option<AddressLimit>,
    /// Limits by route, if there are any.
    pub(crate) route_limits: Option<RouteLimits>,
    /// Names for requests.
    pub(crate) ids: Ids,
    /// How long they take.
    pub(crate) clock: Arc<dyn Clock>,
}

/// How long a request may take, its body included.
const PATIENCE: Duration = Duration::from_secs(20);

/// A body that is too large and no larger than this, in bytes, is read and let go of before the answer, ..
const LET_GO: usize = 16 * 1024 * 1024;
/// .. and for no longer than this.
const LETTING_GO: Duration = Duration::from_secs(5);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

impl Layers {
    /// The routes behind all of it. What matches no route is answered here too.
    pub(crate) fn around(self, routes: Router) -> Router {
        let mut routes = routes
            .fallback(async || Problem::not_found())
            .method_not_allowed_fallback(async || Problem::method_not_allowed());
        if let Some(limits) = self.route_limits.clone() {
            // Behind the refusal of other sites: those spend nothing of whoever is signed in.
            routes = routes.layer(middleware::from_fn_with_state(limits, limit_by_route));
        }
        if let Some(others) = self.other_origins.clone() {
            routes = routes.layer(middleware::from_fn_with_state(others, without_cookies));
        }
        routes = routes.layer(self.same_origin()).layer(middleware::from_fn(in_bounds));
        if let Some(limit) = self.general_limit.clone() {
            routes = routes.layer(middleware::from_fn_with_state(limit, limit_by_address));
        }
        routes = routes.layer(middleware::from_fn_with_state(self.trusted_proxies.clone(), client_address));
        if let Some(others) = &self.other_origins {
            // Outside the limits, so that a page can read that it is to wait.
            routes = routes.layer(others.layer());
        }
        routes
            .layer(CatchPanicLayer::custom(|_| Problem::internal_error().into_response()))
            .layer(middleware::from_fn(for_people))
            .layer(middleware::from_fn_with_state(self.public_url.is_https(), harden))
            .layer(middleware::from_fn_with_state(self, observe))
    }

    /// Refuses what another site asks to change; other origins that are named are [`without_cookies`]' to judge.
    fn same_origin(&self) -> CsrfLayer<impl Fn(ProtectionError) -> Response + Clone + use<>> {
        let others = self.other_origins.iter().flat_map(OtherOrigins::iter).map(Origin::as_str);
        let mut csrf = CsrfLayer::new();
        for origin in others.chain([self.public_url.as_str()]) {
            csrf = csrf.clone().add_trusted_origin(origin).unwrap_or_else(|error| {
                // Then it is not trusted, which refuses more, not less.
                tracing::warn!(%error, origin, "not an origin");
                csrf
            });
        }
        csrf.with_rejection_response(|_: ProtectionError| Problem::cross_origin().into_response())
    }
}

/// Refuses what says of itself that it is too large, and gives up on what takes too long.
async fn in_bounds(request: Request, next: Next) -> Response {
    let length = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if let Some(length) = length.and_then(|length| length.parse::<usize>().ok()).filter(|length| *length > BODY_LIMIT) {
        // Who asks first, by `Expect: 100-continue`, is told at once.
        if length <= LET_GO && !request.headers().contains_key(EXPECT) {
            let _ = tokio::time::timeout(LETTING_GO, let_go(request.into_body())).await;
        }
        return Problem::body_too_large().into_response();
    }
    let (parts, body) = request.into_parts();
    let (body, sender) = Arriving::new(body);
    let request = Request::from_parts(parts, Body::new(body));
    match tokio::time::timeout(PATIENCE, next.run(request)).await {
        Ok(response) => response,
        Err(_) if sender.is_awaited() => Problem::request_timeout().into_response(),
        Err(_) => Problem::unavailable().into_response(),
    }
}

/// A client that sends all before it reads hears no answer on a connection that is closed under it.
async fn let_go(mut body: Body) {
    while let Some(Ok(_)) = body.frame().await {}
}

/// Headers that take from a browser what this server does not need.
async fn harden(State(https): State<bool>, request: Request, next: Next) -> Response {
    const HEADERS: [(&str, &str); 13] = [
        (
            "content-security-policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-embedder-policy", "require-corp"),
        ("cross-origin-resource-policy", "same-origin"),
        ("origin-agent-cluster", "?1"),
        ("x-permitted-cross-domain-policies", "none"),
        ("x-dns-prefetch-control", "off"),
        ("x-download-options", "noopen"),
        ("x-xss-protection", "0"),
    ];
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if https {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains"));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Gives the request an id, and logs and counts it by its route: never a path, a query or a body.
async fn observe(State(layers): State<Layers>, mut request: Request, next: Next) -> Response {
    let started = layers.clock.monotonic();
    let Ok(id) = layers.ids.uuid() else { return Problem::unavailable().into_response() };
    let id = id.to_string();
    let Ok(value) = HeaderValue::from_str(&id) else { return Problem::internal_error().into_response() };
    // In the place of a client's own, which could be anything.
    request.headers_mut().insert(REQUEST_ID, value.clone());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let span = tracing::info_span!("request", id, %method, route);
    let mut response = next.run(request).instrument(span.clone()).await;
    let (status, took) = (response.status(), layers.clock.monotonic().saturating_sub(started));
    let _entered = span.enter();
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(status = status.as_u16(), millis = took.as_millis(), "failed");
    } else {
        tracing::info!(status = status.as_u16(), millis = took.as_millis(), "answered");
    }
    let labels = [("method", method_label(&method)), ("route", route), ("status", status.as_u16().to_string())];
    metrics::counter!("countersign_http_requests_total", &labels).increment(1);
    metrics::histogram!("countersign_http_request_seconds", "route" => labels[1].1.clone()).record(took.as_secs_f64());
    response.headers_mut().insert(REQUEST_ID, value);
    response
}

/// A method anybody can make up would be a label anybody can make up.
fn method_label(method: &http::Method) -> String {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    known.into_iter().find(|known| *known == method.as_str()).unwrap_or("other").to_owned()
}

#[cfg(test)]
mod tests {
    use axum::{body::Bytes, routing::post};
    use countersign_axum::{SecretField, StrictJson};
    use futures::stream;
    use serde::Deserialize;
    use tower::ServiceExt as _;

    use super::*;

    #[derive(Deserialize)]
    struct Taken {
        #[expect(dead_code, reason = "it is never there")]
        code: SecretField,
    }

    /// The clock of this test leaps to whatever is waited for next.
    #[tokio::test(start_paused = true)]
    async fn who_keeps_the_server_waiting_is_told_so_and_not_that_the_server_fails() {
        let app = Router::new()
            .route("/read", post(async |StrictJson(_): StrictJson<Taken>| "read"))
            .route("/stuck", post(async |_: Bytes| std::future::pending::<()>().await))
            .layer(middleware::from_fn(in_bounds));
        let answer = async |path: &str, body: Body| {
            let request = Request::post(path).header("content-type", "application/json").body(body).unwrap();
            app.clone().oneshot(request).await.unwrap().status()
        };
        let stalls = || Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        let trickles = Body::from_stream(stream::unfold((), async |()| {
            tokio::time::sleep(Duration::from_secs(3)).await;
            Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), ()))
        }));
        assert_eq!(answer("/read", stalls()).await, StatusCode::REQUEST_TIMEOUT);
        assert_eq!(answer("/read", trickles).await, StatusCode::REQUEST_TIMEOUT);
        assert_eq!(answer("/stuck", stalls()).await, StatusCode::REQUEST_TIMEOUT);
        assert_eq!(answer("/stuck", Body::from("{}")).await, StatusCode::SERVICE_UNAVAILABLE);
    }
}
