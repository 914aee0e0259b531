use std::sync::Arc;

use async_trait::async_trait;
use countersign::{Epoch, History, SecondFactorProof, TwoFactor, clock::Timestamp, store::UserId, vault::Vault};
use countersign_axum::{Caller, Host, Problem, Reply, Requester};
use countersign_sqlx::DbError;
use http::{
    HeaderMap, StatusCode,
    header::{AUTHORIZATION, ORIGIN},
    request::Parts,
};
use serde::Serialize;
use tracing::field::display;

use crate::{
    access_token::{AccessTokens, LASTS, Subject},
    accounts::{Account, Accounts},
    cookies::SessionCookie,
    devices::Devices,
    ids::{Ids, is_id},
    login_limits::{Charged, LoginLimits, Tried, TriedFrom},
    passwords::{Checked, Passwords},
    refresh_tokens::RefreshTokens,
    session::Session,
    sessions::{Began, NewSession, Sessions},
};

/// The server's own half: accounts, passwords, sessions. The other half, the second factor, is the engine's, and asks
/// for this one as its [`Host`].
#[derive(Debug)]
pub(crate) struct Core {
    /// The accounts.
    pub(crate) accounts: Accounts,
    /// Their sessions.
    pub(crate) sessions: Sessions,
    /// What those are refreshed with.
    pub(crate) refresh_tokens: RefreshTokens,
    /// What they have been seen on.
    pub(crate) devices: Devices,
    /// Access tokens.
    pub(crate) access_tokens: AccessTokens,
    /// The slow hashes of passwords.
    pub(crate) passwords: Passwords,
    /// How many wrong ones there may be.
    pub(crate) login_limits: LoginLimits,
    /// Names, secrets and the time.
    pub(crate) ids: Ids,
    /// What carries a session.
    pub(crate) cookie: SessionCookie,
    /// What seals and finds.
    pub(crate) vault: Arc<Vault>,
    /// The second factors, whose trails hear of new devices.
    pub(crate) engine: TwoFactor,
}

/// What a new session is for.
#[derive(Debug)]
pub(crate) struct Begin<'a> {
    /// Whose it is.
    pub(crate) user: &'a UserId,
    /// The epoch it belongs to.
    pub(crate) epoch: Epoch,
    /// When a second factor was shown for it.
    pub(crate) second_factor_at: Option<Timestamp>,
    /// The stored hash that the password was right for, where the session begins on the password's word alone.
    pub(crate) password: Option<&'a str>,
    /// A session that ends where it begins.
    pub(crate) replaces: Option<&'a str>,
}

/// A password that was right.
#[derive(Debug)]
#[must_use = "what it was charged is to be given back"]
pub(crate) struct Right {
    /// What the try was charged to.
    pub(crate) charged: Charged,
    /// The stored hash has other parameters than new ones get.
    pub(crate) outdated: bool,
}

/// What a client is given to stay signed in.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Tokens {
    /// A JSON Web Token, good for `expires_in` seconds.
    access_token: String,
    /// Good once, for the next pair.
    refresh_token: String,
    #[schema(inline)]
    token_type: TokenType,
    /// Seconds.
    expires_in: u64,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
enum TokenType {
    Bearer,
}

impl Core {
    /// Begins a session: its tokens are in the answer, and its cookie.
    ///
    /// # Errors
    /// 401 `invalid_credentials` if the password was changed since it was right; 503 if it could not be made.
    pub(crate) async fn begin(&self, begin: Begin<'_>, requester: &Requester) -> Result<Reply, Problem> {
        let now = self.ids.now()?;
        let sighting = self.devices.sighting(begin.user, requester)?;
        let (id, cookie, refresh_token) = (self.ids.uuid()?.to_string(), self.ids.secret()?, self.ids.secret()?);
        let new = NewSession {
            id: &id,
            cookie: &cookie,
            refresh_token: &refresh_token,
            user: begin.user,
            epoch: begin.epoch,
            second_factor_at: begin.second_factor_at,
            password: begin.password,
            sighting,
            replaces: begin.replaces,
        };
        match self.sessions.begin(new, now).await.map_err(unavailable)? {
            Began::OnNewDevice => self.note_new_device(begin.user, requester).await,
            Began::OnKnownDevice => {}
            Began::OtherPassword => return Err(Problem::invalid_credentials()),
        }
        let second_factor = begin.second_factor_at.is_some();
        tracing::info!(event = "session_begun", user = %begin.user, session = id, second_factor, "session");
        let amr: &[&str] = if begin.second_factor_at.is_some() { &["pwd", "otp"] } else { &["pwd"] };
        let subject = Subject { user: begin.user, session: &id, authenticated_at: now, amr };
        let tokens = self.tokens(&subject, &refresh_token, now)?;
        Reply::default().members(&tokens)?.cookie(&self.cookie.set(&cookie))
    }

    /// Tokens for a session.
    ///
    /// # Errors
    /// 503 if they cannot be made.
    pub(crate) fn tokens(&self, subject: &Subject<'_>, refresh_token: &str, now: Timestamp) -> Result<Tokens, Problem> {
        let id = self.ids.uuid()?.to_string();
        let access_token = self.access_tokens.issue(subject, &id, now).ok_or_else(Problem::unavailable)?;
        Ok(Tokens {
            access_token: access_token.to_string(),
            refresh_token: refresh_token.to_owned(),
            token_type: TokenType::Bearer,
            expires_in: LASTS.as_secs(),
        })
    }

    /// The session that a request belongs to, by its access token or else by its cookie, if it still holds.
    ///
    /// Whether the account's second factor has changed since is for the caller to compare.
    ///
    /// # Errors
    /// 403 `cross_origin` for a request that came with the cookie, would change something, and does not say where from;
    /// 503 if there is no answer.
    pub(crate) async fn session(&self, parts: &Parts) -> Result<Option<Session>, Problem> {
        let now = self.ids.now()?;
        // A request that names a token is judged by that token alone.
        if parts.headers.contains_key(AUTHORIZATION) {
            let Some(claims) = bearer(&parts.headers).and_then(|token| self.access_tokens.read(token, now)) else {
                return Ok(None);
            };
            let session = self.sessions.by_id(&claims.sid, now).await.map_err(unavailable)?;
            return Ok(session.filter(|session| session.user.as_str() == claims.sub));
        }
        let Some(cookie) = self.cookie.read(&parts.headers) else { return Ok(None) };
        if !parts.method.is_safe() && !says_where_from(&parts.headers) {
            return Err(Problem::cross_origin().detail("A request with a cookie has to say where it comes from"));
        }
        self.sessions.by_cookie(&cookie, now).await.map_err(unavailable)
    }

    /// Checks an account's password, or nobody's. What was charged for one that was right is the caller's to give back.
    ///
    /// # Errors
    /// 401 `invalid_credentials`, alike for both; 429, 503.
    pub(crate) async fn charge_and_check(
        &self,
        tried: Tried<'_>,
        password: &str,
        from: TriedFrom,
        requester: &Requester,
    ) -> Result<Right, Problem> {
        let user = match tried {
            Tried::Account(account) => Some(display(&account.id)),
            Tried::Nobody(_) => None,
        };
        let tell = |event| tracing::info!(event, user, factor = "password", "first factor");
        let charged = self.login_limits.charge(tried, from, requester).await.inspect_err(|problem| {
            if problem.status() == StatusCode::TOO_MANY_REQUESTS {
                tell("password_limited");
            }
        })?;
        let stored = match tried {
            Tried::Account(account) => Some(account.password.as_str()),
            Tried::Nobody(_) => None,
        };
        match (self.passwords.check(stored, password).await, tried) {
            (Ok(Checked::Right { outdated }), Tried::Account(_)) => {
                tell("password_accepted");
                Ok(Right { charged, outdated })
            }
            (Ok(_), _) => {
                tell("password_refused");
                Err(Problem::invalid_credentials())
            }
            (Err(problem), _) => {
                // It was not looked at.
                self.login_limits.give_back(charged).await;
                Err(problem)
            }
        }
    }

    /// The caller's account.
    ///
    /// # Errors
    /// 401 if it is gone, 503 if it cannot be read.
    pub(crate) async fn account(&self, user: &UserId) -> Result<Account, Problem> {
        self.accounts.by_id(user).await.map_err(unavailable)?.ok_or_else(Problem::unauthorized)
    }

    /// Forgets a device of the session's account, and ends its sessions. Which known-device token it had, nobody can tell:
    /// all of them are forgotten but the caller's own, unless it is the caller's own device. False if there was none.
    ///
    /// # Errors
    /// 503.
    pub(crate) async fn forget_device(
        &self,
        session: &Session,
        id: &str,
        requester: &Requester,
    ) -> Result<bool, Problem> {
        if !is_id(id) || !self.devices.forget(&session.user, id).await.map_err(unavailable)? {
            return Ok(false);
        }
        let mut client = requester.client();
        if session.device == id {
            client.device_token = None;
        }
        self.engine.forget_devices(&session.user, &client).await?;
        Ok(true)
    }

    /// Forgets all devices of the session's account but its own, their known-device tokens too, and ends their sessions.
    ///
    /// # Errors
    /// 503.
    pub(crate) async fn forget_other_devices(&self, session: &Session, requester: &Requester) -> Result<(), Problem> {
        self.devices.forget_others(&session.user, &session.device).await.map_err(unavailable)?;
        self.engine.forget_devices(&session.user, &requester.client()).await?;
        Ok(())
    }

    /// Tells of a sign-in from a new device. The session has begun by then, and does not end by that.
    async fn note_new_device(&self, user: &UserId, requester: &Requester) {
        if let Err(error) = self.engine.record_new_device(user, &requester.client()).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a new device was not noted in the trail");
        }
    }

    /// Tells of a refresh token that came back. Its session has ended, whether that can be noted or not.
    pub(crate) async fn note_token_reuse(&self, user: &UserId, requester: &Requester) {
        if let Err(error) = self.engine.record_token_reuse(user, &requester.client()).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a reused token was not noted in the trail");
        }
    }

    /// Checks the password of somebody who is signed in.
    ///
    /// # Errors
    /// 401 `invalid_credentials`; 429, 503.
    pub(crate) async fn check_own_password(
        &self,
        account: &Account,
        password: &str,
        requester: &Requester,
    ) -> Result<(), Problem> {
        let right = self.charge_and_check(Tried::Account(account), password, TriedFrom::Session, requester).await?;
        self.login_limits.give_back(right.charged).await;
        Ok(())
    }

    /// Gives a password that was right a hash of today's strength, and says what is stored then. A sign-in does not fail
    /// by that.
    pub(crate) async fn rehash(&self, account: &mut Account, password: &str) {
        let Ok(new) = self.passwords.hash(password).await else { return };
        match self.accounts.set_password(&account.id, &account.password, &new, Vec::new()).await {
            Ok(true) => account.password = new,
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a password kept its old hash");
            }
        }
    }
}

#[async_trait]
impl Host for Core {
    async fn caller(&self, parts: &Parts) -> Result<Option<Caller>, Problem> {
        Ok(self.session(parts).await?.map(Caller::from))
    }

    async fn check_password(&self, caller: &Caller, password: &str, requester: &Requester) -> Result<(), Problem> {
        let account = self.account(&caller.user).await?;
        self.check_own_password(&account, password, requester).await
    }

    async fn account_label(&self, user: &UserId) -> Result<String, Problem> {
        Ok(self.account(user).await?.email)
    }

    async fn history(&self, user: &UserId) -> Result<History, Problem> {
        Ok(self.account(user).await?.history)
    }

    async fn remember_enrolled(&self, user: &UserId) -> Result<(), Problem> {
        match self.accounts.set_history(user, History::Enrolled).await.map_err(unavailable)? {
            true => Ok(()),
            false => Err(Problem::unauthorized()),
        }
    }

    async fn begin_session(
        &self,
        proof: SecondFactorProof,
        replaces: Option<&Caller>,
        requester: &Requester,
    ) -> Result<Reply, Problem> {
        let begin = Begin {
            user: proof.user(),
            epoch: proof.epoch(),
            second_factor_at: Some(proof.at()),
            password: None,
            replaces: replaces.map(|caller| caller.session.as_str()),
        };
        self.begin(begin, requester).await
    }

    async fn raise_session(&self, caller: &Caller, proof: SecondFactorProof) -> Result<Reply, Problem> {
        let cookie = self.ids.secret()?;
        self.sessions.raise(&caller.session, proof.at(), &cookie).await.map_err(unavailable)?;
        tracing::info!(event = "session_raised", user = %caller.user, session = caller.session, "session");
        Reply::default().cookie(&self.cookie.set(&cookie))
    }

    async fn end_other_sessions(&self, caller: &Caller, epoch: Epoch) -> Result<(), Problem> {
        self.sessions.keep_only(&caller.user, &caller.session, epoch).await.map_err(unavailable)
    }
}

/// The database did not answer.
pub(crate) fn unavailable(error: DbError) -> Problem {
    tracing::error!(error = &error as &dyn std::error::Error, "the database could not answer");
    Problem::unavailable()
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim_matches(' '))
}

/// Every browser says one of the two with a request that can change something; whether it is the right one is looked at
/// for all requests alike.
fn says_where_from(headers: &HeaderMap) -> bool {
    headers.contains_key(ORIGIN) || headers.contains_key("sec-fetch-site")
}
