use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use countersign_rate_limit::{Quota, RateLimiter};

use super::charge::{charge, holder};
use crate::address::known_address;

/// So many requests of one client address: of one IPv4 address, or of one IPv6 /64.
#[derive(Clone, Debug)]
pub struct AddressLimit {
    limiter: Arc<dyn RateLimiter>,
    name: &'static str,
    quota: Quota,
    apart: Option<(&'static [&'static str], Arc<dyn RateLimiter>)>,
}

impl AddressLimit {
    /// A limit by this name, which tells its counts and its headers from those of others. The name is lower-case
    /// letters and dashes.
    #[must_use]
    pub fn new(limiter: Arc<dyn RateLimiter>, name: &'static str, quota: Quota) -> Self {
        Self { limiter, name, quota, apart: None }
    }

    /// Paths that another limiter counts, as many requests again: those that say how the server stands. With a limiter in
    /// memory they are answered without waiting for what they report on.
    #[must_use]
    pub fn apart(self, paths: &'static [&'static str], limiter: Arc<dyn RateLimiter>) -> Self {
        Self { apart: Some((paths, limiter)), ..self }
    }

    fn limiter(&self, path: &str) -> &dyn RateLimiter {
        match &self.apart {
            Some((paths, limiter)) if paths.contains(&path) => &**limiter,
            _ => &*self.limiter,
        }
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
    let key = format!("{}:{}", limit.name, holder(known_address(&parts)));
    let standing = match charge(limit.limiter(parts.uri.path()), limit.name, &key, limit.quota).await {
        Ok(standing) => standing,
        Err(refused) => return refused,
    };
    let mut response = next.run(Request::from_parts(parts, body)).await;
    standing.say(response.headers_mut());
    response
}
