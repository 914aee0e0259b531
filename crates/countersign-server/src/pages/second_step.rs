use askama::Template;
use axum::response::Response;
use countersign::Answer;
use countersign_axum::flow;
use http::StatusCode;
use zeroize::Zeroizing;

use super::{
    cookies::Crumb,
    forms::{Fields, Posted},
    frame::Frame,
    notice::Notice,
    visit::{Stranger, Turned, Visit, done, with_cookies},
};

#[derive(Template)]
#[template(path = "code.html")]
struct Code {
    frame: Frame,
    notice: Option<Notice>,
}

#[derive(Template)]
#[template(path = "backup_code.html")]
struct BackupCode {
    frame: Frame,
    notice: Option<Notice>,
}

/// The form for the code of an authenticator.
pub(super) async fn show_code(Stranger(visit): Stranger) -> Result<Response, Turned> {
    ticket(&visit)?;
    visit.page(StatusCode::OK, &Code { frame: visit.frame("login"), notice: None })
}

/// The second step of a sign-in.
pub(super) async fn send_code(Posted(Stranger(visit), fields): Posted<Stranger>) -> Result<Response, Turned> {
    match answer(&visit, &fields, Answer::Code(fields.text("code")), "/account").await {
        Ok(response) => Ok(response),
        Err(Turned::Refused(problem)) => {
            let frame = visit.frame("login");
            let notice = Some(Notice::of(frame.t, &problem));
            visit.page(problem.status(), &Code { frame, notice })
        }
        Err(turned) => Err(turned),
    }
}

/// The form for a backup code.
pub(super) async fn show_backup_code(Stranger(visit): Stranger) -> Result<Response, Turned> {
    ticket(&visit)?;
    visit.page(StatusCode::OK, &BackupCode { frame: visit.frame("login"), notice: None })
}

/// The second step of a sign-in, with a backup code.
pub(super) async fn send_backup_code(Posted(Stranger(visit), fields): Posted<Stranger>) -> Result<Response, Turned> {
    let given = Answer::BackupCode(fields.text("backup_code"));
    match answer(&visit, &fields, given, "/account?done=backup-code").await {
        Ok(response) => Ok(response),
        Err(Turned::Refused(problem)) => {
            let frame = visit.frame("login");
            let notice = Notice::of(frame.t, &problem);
            let wrong = problem.code() == "invalid_code";
            let notice = Some(if wrong { notice.saying(frame.t.problem_backup_code) } else { notice });
            visit.page(problem.status(), &BackupCode { frame, notice })
        }
        Err(turned) => Err(turned),
    }
}

async fn answer(visit: &Visit, fields: &Fields, answer: Answer<'_>, path: &str) -> Result<Response, Turned> {
    let ticket = ticket(visit)?;
    let remember = fields.ticked("remember");
    match flow::second_step(&visit.state.handle, &ticket, answer, remember, &visit.requester).await {
        Ok(signed_in) => {
            let response = signed_in.reply.onto(done(path, [])?);
            with_cookies(response, Crumb::PASSING.into_iter().map(|crumb| visit.clear(crumb)))
        }
        Err(problem) if problem.code() == "ticket_invalid" => Err(OVER),
        Err(problem) => Err(problem.into()),
    }
}

const OVER: Turned = Turned::To("/login?why=expired");

/// The ticket of the first step; without one, back to that.
fn ticket(visit: &Visit) -> Result<Zeroizing<String>, Turned> {
    let ticket = visit.crumb(Crumb::SignIn).ok_or(Turned::To("/login"))?;
    if visit.state.engine().ticket_user(&ticket).is_some() { Ok(ticket) } else { Err(OVER) }
}
