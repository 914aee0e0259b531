use std::{fmt, ops::Deref, sync::Arc};

use axum::extract::{FromRef, FromRequestParts};
use countersign::{Status, TwoFactor};
use countersign_axum::{Caller, Handle, Problem};
use http::request::Parts;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::{core::Core, password_rules::PasswordRules, readiness::Readiness, session::Session};

/// What the routes of the server share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct AppState(Arc<Shared>);

/// See [`AppState`].
pub(crate) struct Shared {
    /// Accounts, passwords, sessions.
    pub(crate) core: Arc<Core>,
    /// The second factor.
    pub(crate) handle: Handle,
    /// What a new password has to be.
    pub(crate) password_rules: PasswordRules,
    /// What the server leans on, to ask whether it is there.
    pub(crate) readiness: Readiness,
    /// The counters, if they are kept.
    pub(crate) metrics: Option<PrometheusHandle>,
}

impl AppState {
    /// Shares this.
    #[must_use]
    pub(crate) fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    /// The engine.
    #[must_use]
    pub(crate) fn engine(&self) -> &TwoFactor {
        self.handle.engine()
    }
}

impl fmt::Debug for AppState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppState").field("handle", &self.handle).finish_non_exhaustive()
    }
}

impl Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl FromRef<AppState> for Handle {
    fn from_ref(state: &AppState) -> Self {
        state.handle.clone()
    }
}

/// Extractor: the session of the request. 401 `unauthorized` where there is none that holds.
#[derive(Debug)]
pub(crate) struct Current(pub Session);

impl FromRequestParts<AppState> for Current {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let session = state.core.session(parts).await?.ok_or_else(Problem::unauthorized)?;
        let epoch = state.engine().epoch(&session.user).await?;
        if session.epoch == epoch { Ok(Self(session)) } else { Err(Problem::unauthorized()) }
    }
}

/// Extractor: the same, and how the account's second factor stands; both by one look at it.
#[derive(Debug)]
pub(crate) struct CurrentStatus(pub Session, pub Status);

impl FromRequestParts<AppState> for CurrentStatus {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let session = state.core.session(parts).await?.ok_or_else(Problem::unauthorized)?;
        let status = state.engine().status(&session.user).await?;
        if session.epoch == status.epoch { Ok(Self(session, status)) } else { Err(Problem::unauthorized()) }
    }
}

impl From<Session> for Caller {
    fn from(session: Session) -> Self {
        Self {
            user: session.user,
            session: session.id,
            epoch: session.epoch,
            second_factor_at: session.second_factor_at,
        }
    }
}
