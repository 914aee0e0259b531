use std::{sync::Arc, time::Duration};

use countersign::{
    Status, TwoFactor,
    clock::{Clock, Timestamp},
};
use http::request::Parts;

use crate::{Caller, Host, Problem};

/// What the routes, extractors and layers of this crate work with: the engine, the host, a clock. Cheap to clone.
///
/// An application puts it into its state and lets axum find it there, by `FromRef`.
#[derive(Clone, Debug)]
pub struct Handle {
    engine: TwoFactor,
    host: Arc<dyn Host>,
    clock: Arc<dyn Clock>,
    secure_cookies: bool,
}

impl Handle {
    /// A handle whose cookies are secure.
    #[must_use]
    pub fn new(engine: TwoFactor, host: Arc<dyn Host>, clock: Arc<dyn Clock>) -> Self {
        Self { engine, host, clock, secure_cookies: true }
    }

    /// Whether cookies get `Secure` and the `__Host-` prefix. Only for an application that is served over plain HTTP, on
    /// a developer's machine, is `false` right: browsers drop such cookies there.
    #[must_use]
    pub const fn secure_cookies(mut self, secure: bool) -> Self {
        self.secure_cookies = secure;
        self
    }

    /// Whether cookies get `Secure` and the `__Host-` prefix.
    #[must_use]
    pub const fn cookies_are_secure(&self) -> bool {
        self.secure_cookies
    }

    /// The engine.
    #[must_use]
    pub const fn engine(&self) -> &TwoFactor {
        &self.engine
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> &dyn Host {
        &*self.host
    }

    /// Who is signed in on this request, if the account's second factor has not changed since that session began.
    ///
    /// # Errors
    /// When it cannot be told.
    pub async fn caller(&self, parts: &Parts) -> Result<Option<Caller>, Problem> {
        let Some(caller) = self.host.caller(parts).await? else { return Ok(None) };
        let epoch = self.engine.epoch(&caller.user).await?;
        Ok((caller.epoch == epoch).then_some(caller))
    }

    /// The same, and how their second factor stands: both by one look at the account.
    ///
    /// # Errors
    /// When it cannot be told.
    pub async fn caller_and_status(&self, parts: &Parts) -> Result<Option<(Caller, Status)>, Problem> {
        let Some(caller) = self.host.caller(parts).await? else { return Ok(None) };
        let status = self.engine.status(&caller.user).await?;
        Ok((caller.epoch == status.epoch).then_some((caller, status)))
    }

    /// Whether the caller's session has shown the second factor, and if `max_age` is given, not longer ago than that.
    ///
    /// # Errors
    /// 401 `insufficient_user_authentication` if not; 503 if the time is not known.
    pub fn check_verified(&self, caller: &Caller, max_age: Option<Duration>) -> Result<(), Problem> {
        let now = self.now()?;
        // A showing that lies ahead of the clock is no showing: the clock was set back, and its age cannot be told.
        let fresh = |at: Timestamp| match max_age {
            None => true,
            Some(max_age) => at <= now && now.saturating_since(at) <= max_age,
        };
        match caller.second_factor_at {
            Some(at) if fresh(at) => Ok(()),
            _ => Err(Problem::insufficient_user_authentication(max_age)),
        }
    }

    /// Now.
    ///
    /// # Errors
    /// 503 if the time is not known.
    pub fn now(&self) -> Result<Timestamp, Problem> {
        self.clock.now().ok_or_else(Problem::unavailable)
    }
}
