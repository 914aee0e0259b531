use std::fmt;

use async_trait::async_trait;
use countersign::{Epoch, History, SecondFactorProof, store::UserId};
use http::request::Parts;

use crate::{Caller, Problem, Reply, Requester};

/// What the routes ask of the application they are mounted in: its users, its password check, its sessions.
///
/// An `Err` is the answer to the client. Whatever a host cannot find out, it answers with
/// [`Problem::unavailable`]; it never lets anybody through because of it.
///
/// No method has a default, so that none is forgotten.
#[async_trait]
pub trait Host: fmt::Debug + Send + Sync + 'static {
    /// Who is signed in on this request: by the host's cookie, token, or whatever it uses. `None` if nobody is.
    ///
    /// Whether the account's second factor has changed since the session began is compared by the routes.
    ///
    /// # Errors
    /// When it cannot be told, or when the request is refused for its own sake, as one from another site is.
    async fn caller(&self, parts: &Parts) -> Result<Option<Caller>, Problem>;

    /// Checks the caller's password again. How many tries there are is the host's to limit.
    ///
    /// # Errors
    /// [`Problem::invalid_credentials`] if it is wrong; 429, 503.
    async fn check_password(&self, caller: &Caller, password: &str, requester: &Requester) -> Result<(), Problem>;

    /// What an authenticator is to show for this account: usually the address it signs in with.
    ///
    /// # Errors
    /// When the account cannot be read.
    async fn account_label(&self, user: &UserId) -> Result<String, Problem>;

    /// Whether the account ever had a second factor, as the host remembers it with the account.
    ///
    /// # Errors
    /// When the account cannot be read.
    async fn history(&self, user: &UserId) -> Result<History, Problem>;

    /// Remembers, durably, that the account has a second factor. Called **before** the engine confirms the first one, so
    /// that no crash between the two can make the account look as if it never had any.
    ///
    /// # Errors
    /// When it could not be written; nothing is confirmed then.
    async fn remember_enrolled(&self, user: &UserId) -> Result<(), Problem>;

    /// Both factors hold: begins a session for [`proof.user()`](SecondFactorProof::user), under
    /// [`proof.epoch()`](SecondFactorProof::epoch).
    ///
    /// `replaces` is the session that a second factor was just set up in: it ends, as do all of earlier epochs.
    ///
    /// A user's name is not enough to call it with:
    ///
    /// ```compile_fail,E0308
    /// # use countersign::store::UserId;
    /// # use countersign_axum::{Host, Requester};
    /// async fn let_in(host: &impl Host, user: UserId, requester: &Requester) {
    ///     let _ = host.begin_session(user, None, requester).await;
    /// }
    /// ```
    ///
    /// # Errors
    /// When the session could not be made. The code is used up by then.
    async fn begin_session(
        &self,
        proof: SecondFactorProof,
        replaces: Option<&Caller>,
        requester: &Requester,
    ) -> Result<Reply, Problem>;

    /// Notes in the caller's session that the second factor was shown at [`proof.at()`](SecondFactorProof::at).
    ///
    /// # Errors
    /// When it could not be written.
    async fn raise_session(&self, caller: &Caller, proof: SecondFactorProof) -> Result<Reply, Problem>;

    /// The account's second factor has changed: moves the caller's session to `epoch` and ends all others.
    ///
    /// # Errors
    /// When it could not be written. The change is done by then, and the sessions of earlier epochs are over.
    async fn end_other_sessions(&self, caller: &Caller, epoch: Epoch) -> Result<(), Problem>;
}
