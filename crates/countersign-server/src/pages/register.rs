use askama::Template;
use axum::response::Response;
use countersign_axum::Problem;
use http::StatusCode;

use super::{
    forms::Posted,
    frame::Frame,
    login,
    notice::Notice,
    visit::{Stranger, Turned, Visit},
};
use crate::first_step;

#[derive(Template)]
#[template(path = "register.html")]
struct Register<'a> {
    frame: Frame,
    email: &'a str,
    required: bool,
    notice: Option<Notice>,
}

/// The form for a new account.
pub(super) async fn show(Stranger(visit): Stranger) -> Result<Response, Turned> {
    page(&visit, "", None)
}

/// Makes the account.
pub(super) async fn send(Posted(Stranger(visit), fields): Posted<Stranger>) -> Result<Response, Turned> {
    let (email, password) = (fields.text("email"), fields.text("password"));
    match first_step::sign_up(&visit.state, email, password, &visit.requester).await {
        Ok((_, next)) => login::lead_on(&visit, next).await,
        Err(problem) => page(&visit, email, Some(problem)),
    }
}

fn page(visit: &Visit, email: &str, problem: Option<Problem>) -> Result<Response, Turned> {
    let status = problem.as_ref().map_or(StatusCode::OK, Problem::status);
    let frame = visit.frame("register");
    let notice = problem.map(|problem| Notice::of(frame.t, &problem));
    let required = visit.state.engine().policy().required();
    visit.page(status, &Register { frame, email, required, notice })
}
