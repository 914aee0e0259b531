use askama::Template;
use axum::response::Response;
use countersign_axum::Problem;
use http::StatusCode;

use super::{
    forms::Posted,
    frame::Frame,
    notice::Notice,
    visit::{Member, Turned, done},
};
use crate::password_change::{PasswordChange, change_password};

#[derive(Template)]
#[template(path = "password.html")]
struct Password {
    frame: Frame,
    /// For password managers.
    email: String,
    enabled: bool,
    notice: Option<Notice>,
}

/// The form for a new password.
pub(super) async fn show(member: Member) -> Result<Response, Turned> {
    page(&member, None).await
}

/// Changes it.
pub(super) async fn send(Posted(member, fields): Posted<Member>) -> Result<Response, Turned> {
    let visit = &member.visit;
    let change =
        PasswordChange { current: fields.text("current"), new: fields.text("new"), code: fields.given("code") };
    match change_password(&visit.state, member.session.clone(), change, &visit.requester).await {
        Ok(()) => done("/account?done=password", []),
        Err(problem) => page(&member, Some(problem)).await,
    }
}

async fn page(member: &Member, problem: Option<Problem>) -> Result<Response, Turned> {
    let (visit, user) = (&member.visit, &member.session.user);
    let email = visit.state.core.account(user).await?.email;
    let enabled = visit.state.engine().status(user).await?.enabled;
    let status = problem.as_ref().map_or(StatusCode::OK, Problem::status);
    let frame = visit.frame("password");
    let notice = problem.map(|problem| {
        let notice = Notice::of(frame.t, &problem);
        let wrong = problem.code() == "invalid_credentials";
        if wrong { notice.saying(frame.t.problem_password) } else { notice }
    });
    visit.page(status, &Password { frame, email, enabled, notice })
}
