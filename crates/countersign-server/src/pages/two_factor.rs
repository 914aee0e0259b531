use askama::Template;
use axum::response::Response;
use countersign_axum::{
    Problem,
    flow::{self, Enrolling, Wanted},
};
use http::StatusCode;

use super::{
    forms::Posted,
    frame::Frame,
    notice::Notice,
    setup,
    visit::{Member, Turned, done},
};

#[derive(Template)]
#[template(path = "two_factor.html")]
struct TwoFactor {
    frame: Frame,
    enabled: bool,
    required: bool,
    notice: Option<Notice>,
}

/// The form that turns it on or off.
pub(super) async fn show(member: Member) -> Result<Response, Turned> {
    page(&member, None).await
}

/// Turns it on, which begins a set-up, or off.
pub(super) async fn send(Posted(member, fields): Posted<Member>) -> Result<Response, Turned> {
    let (visit, caller) = (&member.visit, member.caller());
    let (handle, requester) = (&visit.state.handle, &visit.requester);
    let password = Some(fields.text("password"));
    let refused = if fields.text("turn") == "off" {
        match flow::turn_off(handle, &caller, password, fields.answer("code"), requester).await {
            Ok(()) => return done("/account?done=off", []),
            Err(problem) => problem,
        }
    } else {
        let enrolling = Enrolling::Session(caller);
        match flow::begin(handle, &enrolling, Wanted { password, ..Wanted::default() }, requester).await {
            Ok(enrolment) => return done("/setup", [setup::on_its_way(visit, enrolling.user(), &enrolment)?]),
            Err(problem) => problem,
        }
    };
    page(&member, Some(refused)).await
}

async fn page(member: &Member, problem: Option<Problem>) -> Result<Response, Turned> {
    let visit = &member.visit;
    let now = visit.state.engine().status(&member.session.user).await?;
    let status = problem.as_ref().map_or(StatusCode::OK, Problem::status);
    let frame = visit.frame("account");
    let notice = problem.map(|problem| {
        let notice = Notice::of(frame.t, &problem);
        let wrong = problem.code() == "invalid_credentials";
        if wrong { notice.saying(frame.t.problem_password) } else { notice }
    });
    visit.page(status, &TwoFactor { frame, enabled: now.enabled, required: now.required, notice })
}
