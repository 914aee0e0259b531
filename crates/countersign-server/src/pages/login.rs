use askama::Template;
use axum::{extract::Query, response::Response};
use countersign::clock::Timestamp;
use countersign_axum::Problem;
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;
use std::time::Duration;

use super::{
    cookies::Crumb,
    forms::Posted,
    frame::Frame,
    notice::Notice,
    setup,
    visit::{Stranger, Turned, Visit, done, with_cookies},
};
use crate::{
    core::unavailable,
    first_step::{self, Next},
};

#[derive(Template)]
#[template(path = "login.html")]
struct Login<'a> {
    frame: Frame,
    email: &'a str,
    notice: Option<Notice>,
    told: Option<&'static str>,
}

/// Why somebody was led here.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Led {
    #[serde(default)]
    why: String,
}

/// The form for address and password.
pub(super) async fn show(Stranger(visit): Stranger, Query(led): Query<Led>) -> Result<Response, Turned> {
    page(&visit, "", None, &led.why)
}

/// The first step of a sign-in.
pub(super) async fn send(Posted(Stranger(visit), fields): Posted<Stranger>) -> Result<Response, Turned> {
    let (email, password) = (fields.text("email"), fields.text("password"));
    match first_step::sign_in(&visit.state, email, password, &visit.requester).await {
        Ok(next) => lead_on(&visit, next).await,
        Err(problem) => page(&visit, email, Some(problem), ""),
    }
}

/// Ends the session, or gives up what was begun.
pub(super) async fn sign_out(Posted(visit, _): Posted<Visit>) -> Result<Response, Turned> {
    let core = &visit.state.core;
    let mut cookies: Vec<String> = Crumb::PASSING.into_iter().map(|crumb| visit.clear(crumb)).collect();
    if let Some(session) = visit.session() {
        core.sessions.end(&session.user, &session.id).await.map_err(unavailable)?;
        cookies.push(core.cookie.clear());
    }
    let mut response = done("/login?why=signed-out", cookies)?;
    // Not the cookies: that this device is known outlives a session.
    let clear = HeaderValue::from_static("\"cache\", \"storage\"");
    response.headers_mut().insert(HeaderName::from_static("clear-site-data"), clear);
    Ok(response)
}

/// To what follows on a right password.
///
/// # Errors
/// 503 where the set-up cannot begin.
pub(super) async fn lead_on(visit: &Visit, next: Next) -> Result<Response, Turned> {
    match next {
        Next::SecondStep(ticket) => {
            let lasts = until(visit, ticket.expires_at)?;
            let by_code = ticket.methods.iter().any(|method| *method != countersign::Method::BackupCode);
            let path = if by_code { "/login/code" } else { "/login/backup-code" };
            done(path, [visit.set(Crumb::SignIn, ticket.token.expose_str(), lasts)])
        }
        Next::Setup(ticket) => {
            let lasts = until(visit, ticket.expires_at)?;
            let cookie = visit.set(Crumb::Setup, ticket.token.expose_str(), lasts);
            let begun = setup::begin_with_ticket(visit, ticket.token.expose_str()).await?;
            done("/setup", [cookie, visit.clear(Crumb::SignIn), begun])
        }
        Next::SignedIn(reply) => {
            let response = reply.onto(done("/account", [])?);
            with_cookies(response, Crumb::PASSING.into_iter().map(|crumb| visit.clear(crumb)))
        }
    }
}

fn until(visit: &Visit, ends: Timestamp) -> Result<Duration, Problem> {
    Ok(ends.saturating_since(visit.state.core.ids.now()?))
}

fn page(visit: &Visit, email: &str, problem: Option<Problem>, why: &str) -> Result<Response, Turned> {
    let status = problem.as_ref().map_or(StatusCode::OK, Problem::status);
    let frame = visit.frame("login");
    let told = match why {
        "expired" => Some(frame.t.login_expired),
        "signed-out" => Some(frame.t.login_signed_out),
        "ended" => Some(frame.t.login_ended),
        _ => None,
    };
    let notice = problem.map(|problem| Notice::of(frame.t, &problem));
    visit.page(status, &Login { frame, email, notice, told })
}
