use countersign::{Challenge, Epoch, History, SetupTicket, Ticket, store::UserId};
use countersign_axum::{Problem, Reply, Requester};
use http::StatusCode;

use crate::{
    accounts::Created,
    core::{Begin, unavailable},
    email::EmailAddress,
    login_limits::{Tried, TriedFrom},
    state::AppState,
};

/// What follows on a right first factor.
#[derive(Debug)]
pub(crate) enum Next {
    /// A second factor is due.
    SecondStep(Ticket),
    /// A second factor has to be set up first.
    Setup(SetupTicket),
    /// Nothing: here is the session.
    SignedIn(Reply),
}

/// Makes an account, and gives its id.
///
/// # Errors
/// 400 `invalid_email`, `weak_password`; 409 `user_exists`; 503.
pub(crate) async fn sign_up(
    state: &AppState,
    email: &str,
    password: &str,
    requester: &Requester,
) -> Result<(UserId, Next), Problem> {
    let email: EmailAddress = email.parse().map_err(|_| {
        Problem::new(StatusCode::BAD_REQUEST, "invalid_email", "This is not an e-mail address that can be used")
    })?;
    state.password_rules.check(password, &email).map_err(weak_password)?;
    let core = &state.core;
    if core.accounts.by_email(&email).await.map_err(unavailable)?.is_some() {
        return Err(user_exists());
    }
    let hash = core.passwords.hash(password).await?;
    let id = UserId::new(core.ids.uuid()?.to_string()).map_err(|_| Problem::internal_error())?;
    let created = core.accounts.create(&id, &email, hash.clone(), History::Never, core.ids.now()?);
    match created.await.map_err(unavailable)? {
        Created::Done => {}
        Created::Exists => return Err(user_exists()),
    }
    tracing::info!(event = "registered", user = %id, factor = "password", "first factor");
    let next = match state.engine().after_first_factor(&id, History::Never, &requester.client()).await? {
        Challenge::SetupRequired(ticket) => Next::Setup(ticket),
        Challenge::NotDue { epoch } => Next::SignedIn(begin(state, &id, &hash, epoch, requester).await?),
        // A new account has no second factor to ask for.
        _ => return Err(Problem::internal_error()),
    };
    Ok((id, next))
}

/// The first step of a sign-in.
///
/// # Errors
/// 401 `invalid_credentials`, alike for a wrong password and an unknown address; 429, 503.
pub(crate) async fn sign_in(
    state: &AppState,
    email: &str,
    password: &str,
    requester: &Requester,
) -> Result<Next, Problem> {
    let (core, engine) = (&state.core, state.engine());
    let account = match email.parse() {
        Ok(email) => core.accounts.by_email(&email).await.map_err(unavailable)?,
        Err(_) => None,
    };
    let (tried, known_device) = match &account {
        Some(account) => (Tried::Account(account), engine.is_known_device(&account.id, &requester.client()).await?),
        None => (Tried::Nobody(email), false),
    };
    let from = if known_device { TriedFrom::KnownDevice } else { TriedFrom::Anywhere };
    let right = core.charge_and_check(tried, password, from, requester).await?;
    let mut account = account.ok_or_else(Problem::invalid_credentials)?;
    if right.outdated {
        core.rehash(&mut account, password).await;
    }
    // At the same time, so that both share a commit.
    let client = requester.client();
    let next = engine.after_first_factor(&account.id, account.history, &client);
    let (challenge, ()) = tokio::join!(next, core.login_limits.give_back(right.charged));
    match challenge? {
        Challenge::Ticket(ticket) => Ok(Next::SecondStep(ticket)),
        Challenge::SetupRequired(ticket) => Ok(Next::Setup(ticket)),
        Challenge::NotDue { epoch } => {
            Ok(Next::SignedIn(begin(state, &account.id, &account.password, epoch, requester).await?))
        }
        // What this version does not know lets nobody in.
        _ => Err(Problem::unavailable()),
    }
}

/// 400 `weak_password`, saying what is wrong with it.
pub(crate) fn weak_password(wrong: &'static str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "weak_password", "This password is too easy to guess").detail(wrong)
}

fn user_exists() -> Problem {
    Problem::new(StatusCode::CONFLICT, "user_exists", "There is an account with this address")
}

async fn begin(
    state: &AppState,
    user: &UserId,
    password: &str,
    epoch: Epoch,
    requester: &Requester,
) -> Result<Reply, Problem> {
    let begin = Begin { user, epoch, second_factor_at: None, password: Some(password), replaces: None };
    state.core.begin(begin, requester).await
}
