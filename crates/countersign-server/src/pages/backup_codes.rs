use std::time::Duration;

use askama::Template;
use axum::response::Response;
use countersign::{backup_codes::BackupCode, store::UserId};
use countersign_axum::{Problem, flow};
use http::{HeaderName, HeaderValue, StatusCode};
use zeroize::Zeroizing;

use super::{
    cookies::Crumb,
    forms::Posted,
    frame::Frame,
    notice::Notice,
    once,
    visit::{Member, Turned, Visit, done, with_cookies},
};

#[derive(Template)]
#[template(path = "backup_codes.html")]
struct Codes {
    frame: Frame,
    codes: Vec<Zeroizing<String>>,
    notice: Option<Notice>,
}

#[derive(Template)]
#[template(path = "new_backup_codes.html")]
struct NewCodes {
    frame: Frame,
    notice: Option<Notice>,
}

/// How long a browser remembers that the codes have not been kept yet.
const UNKEPT_LASTS: Duration = crate::session::ABSOLUTE;

/// The codes, the first time; afterwards, that they were shown.
pub(super) async fn show(visit: Visit) -> Result<Response, Turned> {
    let Some(session) = visit.session() else { return Err(Turned::To("/login?why=ended")) };
    if visit.crumb(Crumb::Unkept).is_none() {
        return Err(Turned::To("/account"));
    }
    let codes: Vec<Zeroizing<String>> = once::take(&visit, Crumb::Codes, &session.user).unwrap_or_default();
    let response = visit.page(StatusCode::OK, &Codes { frame: visit.frame("codes"), codes, notice: None })?;
    with_cookies(response, [visit.clear(Crumb::Codes)])
}

/// They are kept: on to the account.
pub(super) async fn kept(Posted(visit, fields): Posted<Visit>) -> Result<Response, Turned> {
    if fields.given("make") == Some("new") {
        return done("/account/backup-codes", [visit.clear(Crumb::Unkept)]);
    }
    if !fields.ticked("kept") {
        let frame = visit.frame("codes");
        let notice = Some(Notice::text(frame.t.codes_kept_missing));
        return visit.page(StatusCode::BAD_REQUEST, &Codes { frame, codes: Vec::new(), notice });
    }
    let mut response = done("/account", [visit.clear(Crumb::Codes), visit.clear(Crumb::Unkept)])?;
    // So that the way back does not show them from memory.
    response.headers_mut().insert(HeaderName::from_static("clear-site-data"), HeaderValue::from_static("\"cache\""));
    Ok(response)
}

/// The form for a new set.
pub(super) async fn show_new(member: Member) -> Result<Response, Turned> {
    let frame = member.visit.frame("account");
    member.visit.page(StatusCode::OK, &NewCodes { frame, notice: None })
}

/// Makes a new set.
pub(super) async fn make_new(Posted(member, fields): Posted<Member>) -> Result<Response, Turned> {
    let (visit, caller) = (&member.visit, member.caller());
    match flow::regenerate(&visit.state.handle, &caller, fields.answer("code"), &visit.requester).await {
        Ok(codes) => done("/backup-codes", on_their_way(visit, &caller.user, &codes)?),
        Err(problem) => {
            let frame = visit.frame("account");
            let notice = Some(Notice::of(frame.t, &problem));
            visit.page(problem.status(), &NewCodes { frame, notice })
        }
    }
}

/// The cookies that take new codes to the page that shows them.
///
/// # Errors
/// 503 if they cannot be sealed.
pub(super) fn on_their_way(visit: &Visit, user: &UserId, codes: &[BackupCode]) -> Result<[String; 2], Problem> {
    let codes: Vec<Zeroizing<String>> = codes.iter().map(|code| Zeroizing::new(code.expose_str().to_owned())).collect();
    Ok([once::send(visit, Crumb::Codes, user, &codes)?, visit.set(Crumb::Unkept, "1", UNKEPT_LASTS)])
}
