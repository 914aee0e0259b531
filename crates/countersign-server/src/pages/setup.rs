use askama::Template;
use axum::response::Response;
use base64ct::{Base64, Encoding};
use countersign::{
    Enrolment,
    otp::{KeyUri, OtpError, qr},
    store::UserId,
};
use countersign_axum::{
    Problem,
    flow::{self, Enrolling, Wanted},
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    backup_codes,
    cookies::Crumb,
    forms::Posted,
    frame::Frame,
    notice::Notice,
    once,
    visit::{Turned, Visit, done, with_cookies},
};

#[derive(Template)]
#[template(path = "setup.html")]
struct Setup {
    frame: Frame,
    /// Whether there is no session until this is done.
    required: bool,
    digits: u8,
    pending: bool,
    shown: Option<Picture>,
    notice: Option<Notice>,
}

/// A pending factor, as the page shows it.
struct Picture {
    /// Blocks of four.
    key: Vec<String>,
    secret: Zeroizing<String>,
    uri: Zeroizing<String>,
    png: Zeroizing<String>,
}

/// A pending factor, on its way to the page.
#[derive(Serialize, Deserialize)]
struct Begun {
    secret: Zeroizing<String>,
    uri: Zeroizing<String>,
    digits: u8,
}

/// The set-up: the picture, the first time; the field for the code, as long as a factor is pending.
pub(super) async fn show(visit: Visit) -> Result<Response, Turned> {
    let enrolling = enrolling(&visit).await?;
    let begun: Option<Begun> = once::take(&visit, Crumb::Enrolment, enrolling.user());
    let response = page(&visit, &enrolling, begun, None).await?;
    with_cookies(response, [visit.clear(Crumb::Enrolment)])
}

/// Begins anew, for the holder of a set-up ticket; somebody signed in begins where the password or a code is asked for.
pub(super) async fn begin(Posted(visit, _): Posted<Visit>) -> Result<Response, Turned> {
    match enrolling(&visit).await? {
        Enrolling::Ticket { ticket, .. } => done("/setup", [begin_with_ticket(&visit, &ticket).await?]),
        Enrolling::Session(caller) => {
            let enabled = visit.state.engine().status(&caller.user).await?.enabled;
            Err(Turned::To(if enabled { "/account/factors" } else { "/account/two-factor" }))
        }
    }
}

/// Confirms the pending factor, and leads to the backup codes.
pub(super) async fn confirm(Posted(visit, fields): Posted<Visit>) -> Result<Response, Turned> {
    let enrolling = enrolling(&visit).await?;
    let handle = &visit.state.handle;
    let refused = match flow::confirm(handle, &enrolling, None, fields.text("code"), &visit.requester).await {
        Ok(Some(enabled)) => {
            let cookies = backup_codes::on_their_way(&visit, enrolling.user(), &enabled.backup_codes)?;
            let passed = [Crumb::Setup, Crumb::SignIn, Crumb::Enrolment].map(|crumb| visit.clear(crumb));
            return with_cookies(enabled.reply.onto(done("/backup-codes", cookies)?), passed);
        }
        Ok(None) => countersign::Refusal::NothingPending.into(),
        Err(problem) => problem,
    };
    page(&visit, &enrolling, None, Some(refused)).await
}

/// Begins the set-up that a ticket opens: the cookie that takes it to its page.
///
/// # Errors
/// Whatever the engine refuses.
pub(super) async fn begin_with_ticket(visit: &Visit, ticket: &str) -> Result<String, Turned> {
    let handle = &visit.state.handle;
    let enrolling = Enrolling::of_ticket(handle, ticket).await?.ok_or(Turned::To("/login?why=expired"))?;
    let enrolment = flow::begin(handle, &enrolling, Wanted::default(), &visit.requester).await?;
    Ok(on_its_way(visit, enrolling.user(), &enrolment)?)
}

/// The cookie that takes a new factor to the page that shows it.
///
/// # Errors
/// 503 if it cannot be sealed.
pub(super) fn on_its_way(visit: &Visit, user: &UserId, enrolment: &Enrolment) -> Result<String, Problem> {
    let begun = Begun {
        secret: Zeroizing::new(enrolment.secret.expose_str().to_owned()),
        uri: Zeroizing::new(enrolment.uri.expose_str().to_owned()),
        digits: enrolment.digits.get(),
    };
    once::send(visit, Crumb::Enrolment, user, &begun)
}

/// Somebody signed in, or the holder of a set-up ticket; anybody else has to sign in first.
async fn enrolling(visit: &Visit) -> Result<Enrolling, Turned> {
    if let Some(session) = visit.session() {
        return Ok(Enrolling::Session(session.clone().into()));
    }
    let ticket = visit.crumb(Crumb::Setup).ok_or(Turned::To("/login"))?;
    Enrolling::of_ticket(&visit.state.handle, &ticket).await?.ok_or(Turned::To("/login?why=expired"))
}

async fn page(
    visit: &Visit,
    enrolling: &Enrolling,
    begun: Option<Begun>,
    problem: Option<Problem>,
) -> Result<Response, Turned> {
    let engine = visit.state.engine();
    let pending = engine.status(enrolling.user()).await?.pending;
    if !pending && enrolling.session().is_some() && problem.is_none() {
        return Err(Turned::To("/account"));
    }
    let status = problem.as_ref().map_or(StatusCode::OK, Problem::status);
    let frame = visit.frame("setup");
    let notice = problem.map(|problem| Notice::of(frame.t, &problem));
    let digits = begun.as_ref().map_or(engine.policy().digits().get(), |begun| begun.digits);
    let shown = match begun {
        Some(begun) if pending => Some(picture(begun).map_err(|_| Problem::internal_error())?),
        _ => None,
    };
    visit.page(status, &Setup { frame, required: enrolling.session().is_none(), digits, pending, shown, notice })
}

fn picture(begun: Begun) -> Result<Picture, OtpError> {
    let png = qr::png(&KeyUri::parse(&begun.uri)?.expose())?;
    let blocks = begun.secret.as_bytes().chunks(4).map(|block| String::from_utf8_lossy(block).into_owned());
    Ok(Picture {
        key: blocks.collect(),
        png: Zeroizing::new(Base64::encode_string(png.expose())),
        secret: begun.secret,
        uri: begun.uri,
    })
}
