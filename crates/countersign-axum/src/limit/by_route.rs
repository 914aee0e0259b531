use std::sync::Arc;

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use countersign_rate_limit::RateLimiter;
use http::request::Parts;

use super::{
    LimitBy, LimitTiers,
    charge::{Standing, charge, holder},
};
use crate::{Caller, Handle, Problem, address::known_address};

/// What [`limit_by_route`] holds requests to.
#[derive(Clone, Debug)]
pub struct RouteLimits {
    handle: Handle,
    limiter: Arc<dyn RateLimiter>,
    tiers: Arc<LimitTiers>,
    addresses: bool,
}

impl RouteLimits {
    /// These tiers, counted in `limiter`.
    #[must_use]
    pub fn new(handle: Handle, limiter: Arc<dyn RateLimiter>, tiers: LimitTiers) -> Self {
        Self { handle, limiter, tiers: Arc::new(tiers), addresses: true }
    }

    /// Whether client addresses are counted at all. Without, tiers hold for those who are signed in, where they go by
    /// user.
    #[must_use]
    pub const fn addresses(mut self, counted: bool) -> Self {
        self.addresses = counted;
        self
    }

    /// What a request is charged to by a tier of this kind; `None` for nothing.
    fn subject(&self, by: LimitBy, caller: Option<&Caller>, parts: &Parts) -> Option<String> {
        match (by, caller) {
            (LimitBy::User, Some(caller)) => Some(format!("user:{}", caller.user)),
            _ if self.addresses => Some(format!("address:{}", holder(known_address(parts)))),
            _ => None,
        }
    }

    /// Who is signed in. A request that is refused for its own sake is nobody's: what it asks for is refused by whatever
    /// asks who it is.
    async fn caller(&self, parts: &Parts) -> Result<Option<Caller>, Problem> {
        match self.handle.caller(parts).await {
            Err(problem) if problem.status().is_client_error() => Ok(None),
            answer => answer,
        }
    }
}

/// Middleware: charges each request to the tiers of its route, and answers 429 `rate_limited` where one has no room.
///
/// A tier by user counts accounts whose session still holds, and the client's address where nobody is signed in; so nobody
/// spends what is another's. Each tier says where the client stands in the `RateLimit-Policy` and `RateLimit` headers.
/// Where the limiter or the host cannot decide, the answer is 503.
///
/// It is for the layers of a router ([`Router::layer`](axum::Router::layer)), which know the route by its template.
///
/// ```
/// use std::sync::Arc;
///
/// use axum::{Router, middleware};
/// use countersign_axum::{Handle, LimitTiers, RouteLimits, limit_by_route};
/// use countersign_rate_limit::RateLimiter;
///
/// fn limited(routes: Router, handle: Handle, limiter: Arc<dyn RateLimiter>, tiers: LimitTiers) -> Router {
///     let limits = RouteLimits::new(handle, limiter, tiers);
///     routes.layer(middleware::from_fn_with_state(limits, limit_by_route))
/// }
/// ```
pub async fn limit_by_route(State(limits): State<RouteLimits>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Some(route) = parts.extensions.get::<MatchedPath>().cloned() else {
        return next.run(Request::from_parts(parts, body)).await;
    };
    let by_user = limits.tiers.of(&parts.method, route.as_str()).any(|tier| tier.by() == LimitBy::User);
    let caller = match by_user {
        false => None,
        true => match limits.caller(&parts).await {
            Ok(caller) => caller,
            Err(problem) => return problem.into_response(),
        },
    };
    let mut standings = Vec::new();
    for tier in limits.tiers.of(&parts.method, route.as_str()) {
        let Some(subject) = limits.subject(tier.by(), caller.as_ref(), &parts) else { continue };
        let key = format!("tier:{}:{subject}", tier.name());
        match charge(&*limits.limiter, tier.name(), &key, tier.quota()).await {
            Ok(standing) => standings.push(standing),
            Err(refused) => return said(standings, refused),
        }
    }
    let response = next.run(Request::from_parts(parts, body)).await;
    said(standings, response)
}

fn said(standings: Vec<Standing<'_>>, mut response: Response) -> Response {
    for standing in standings.iter().rev() {
        standing.say(response.headers_mut());
    }
    response
}
