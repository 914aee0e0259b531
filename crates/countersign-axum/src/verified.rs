use std::time::Duration;

use axum::{
    extract::{FromRef, FromRequestParts, Request, State},
    middleware::Next,
    response::Response,
};
use http::request::Parts;

use crate::{Caller, Handle, Problem};

/// How long ago the second factor may have been shown for what changes it, and how long a step-up lasts: five minutes.
pub const STEP_UP_MAX_AGE: Duration = Duration::from_secs(300);

/// Extractor: the caller, whose session has shown a second factor at some time.
///
/// Answers 401 `unauthorized` where nobody is signed in, and 401 `insufficient_user_authentication` (RFC 9470) where the
/// session knows the first factor alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TwoFactorVerified(pub Caller);

/// Extractor: the caller, whose session has shown a second factor in the last `MAX_AGE_SECS` seconds.
///
/// Answers as [`TwoFactorVerified`] does; the challenge names the `max_age`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreshTwoFactor<const MAX_AGE_SECS: u64>(pub Caller);

impl<S> FromRequestParts<S> for TwoFactorVerified
where
    S: Send + Sync,
    Handle: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        verified(&Handle::from_ref(state), parts, None).await.map(Self)
    }
}

impl<S, const MAX_AGE_SECS: u64> FromRequestParts<S> for FreshTwoFactor<MAX_AGE_SECS>
where
    S: Send + Sync,
    Handle: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        verified(&Handle::from_ref(state), parts, Some(Duration::from_secs(MAX_AGE_SECS))).await.map(Self)
    }
}

/// What [`require_two_factor`] demands.
#[derive(Clone, Debug)]
pub struct TwoFactorWithin {
    /// Who is asked.
    pub handle: Handle,
    /// How long ago it may have been shown; `None` for any time in the session.
    pub max_age: Option<Duration>,
}

/// Middleware: lets a request pass only if its session has shown a second factor. For whole routers:
///
/// ```
/// use axum::{Router, middleware};
/// use countersign_axum::{Handle, TwoFactorWithin, require_two_factor};
///
/// fn guarded(routes: Router, handle: Handle) -> Router {
///     let demand = TwoFactorWithin { handle, max_age: None };
///     routes.layer(middleware::from_fn_with_state(demand, require_two_factor))
/// }
/// ```
///
/// # Errors
/// As [`TwoFactorVerified`].
pub async fn require_two_factor(
    State(demand): State<TwoFactorWithin>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    verified(&demand.handle, &parts, demand.max_age).await?;
    Ok(next.run(Request::from_parts(parts, body)).await)
}

async fn verified(handle: &Handle, parts: &Parts, max_age: Option<Duration>) -> Result<Caller, Problem> {
    let caller = handle.caller(parts).await?.ok_or_else(Problem::unauthorized)?;
    handle.check_verified(&caller, max_age)?;
    Ok(caller)
}
