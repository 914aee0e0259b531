use axum::extract::{FromRef, FromRequestParts};
use countersign::{Epoch, clock::Timestamp, store::UserId};
use http::request::Parts;

use crate::{Handle, Problem};

/// Who is signed in on a request.
///
/// As an extractor it answers 401 `unauthorized` where nobody is, or where the account's second factor has changed since
/// the session began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub user: UserId,
    /// The session, by whatever name the host gives it.
    pub session: String,
    /// The epoch the session began under, or was moved to by [`Host::end_other_sessions`](crate::Host::end_other_sessions).
    pub epoch: Epoch,
    /// When the second factor was last shown in this session; `None` if it never was.
    pub second_factor_at: Option<Timestamp>,
}

impl<S> FromRequestParts<S> for Caller
where
    S: Send + Sync,
    Handle: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Handle::from_ref(state).caller(parts).await?.ok_or_else(Problem::unauthorized)
    }
}
