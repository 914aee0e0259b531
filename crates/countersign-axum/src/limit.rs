use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use countersign_rate_limit::{Charge, Decision, Quota, RateLimiter};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{ClientAddress, Problem, address::known_address};

/// So many requests of one client address: of one IPv4 address, or of one IPv6 /64.
#[derive(Clone, Debug)]
pub struct AddressLimit {
    limiter: Arc<dyn RateLimiter>,
    name: &'static str,
    quota: Quota,
}

impl AddressLimit {
    /// A limit by this name, which tells its counts and its headers from those of others. The name is lower-case
    /// letters and dashes.
    #[must_use]
    pub fn new(limiter: Arc<dyn RateLimiter>, name: &'static str, quota: Quota) -> Self {
        Self { limiter, name, quota }
    }
}

/// Middleware: charges each request to its client address, and answers 429 `rate_limited` where there is no room.
///
/// Every answer carries the `RateLimit-Policy` and `RateLimit` headers of draft-ietf-httpapi-ratelimit-headers-10.
/// Requests whose address is not known share one count. Where the limiter cannot decide, the answer is 503.
///
/// ```
/// use std::sync::Arc;
///
/// use axum::{Router, middleware};
/// use countersign::clock::SystemClock;
/// use countersign_axum::{AddressLimit, limit_by_address};
/// use countersign_rate_limit::MemoryLimiter;
///
/// let limiter = Arc::new(MemoryLimiter::new(Arc::new(SystemClock::new())));
/// let limit = AddressLimit::new(limiter, "general", "300/1m".parse()?);
/// let app: Router = Router::new().layer(middleware::from_fn_with_state(limit, limit_by_address));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub async fn limit_by_address(State(limit): State<AddressLimit>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let key = format!(
        "{}:{}",
        limit.name,
        known_address(&parts)
            .map(ClientAddress::holder)
            .map_or_else(|| "unknown".to_owned(), |holder| holder.to_string())
    );
    let (mut response, remaining, seconds) = match limit.limiter.take(&[Charge::new(&key, limit.quota)]).await {
        Ok(Decision::Allowed { remaining, resets_after }) => {
            (next.run(Request::from_parts(parts, body)).await, remaining, resets_after.as_secs())
        }
        Ok(Decision::Denied { retry_after }) => {
            (Problem::rate_limited(retry_after).into_response(), 0, retry_after.as_secs().max(1))
        }
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "the rate limiter could not decide");
            return Problem::unavailable().into_response();
        }
    };
    let headers = response.headers_mut();
    let (name, quota) = (limit.name, limit.quota);
    let policy = format!(r#""{name}";q={};w={}"#, quota.limit(), quota.window().as_secs());
    put(headers, HeaderName::from_static("ratelimit-policy"), &policy);
    put(headers, HeaderName::from_static("ratelimit"), &format!(r#""{name}";r={remaining};t={seconds}"#));
    response
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
