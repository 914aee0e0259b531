use askama::Template;
use axum::{extract::Path, response::Response};
use countersign::{FactorId, FactorStatus};
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
#[template(path = "add_factor.html")]
struct Add<'a> {
    frame: Frame,
    name: &'a str,
    notice: Option<Notice>,
}

#[derive(Template)]
#[template(path = "factor.html")]
struct OneFactor {
    frame: Frame,
    id: String,
    name: String,
    /// Whether it is the only one.
    last: bool,
    required: bool,
    notice: Option<Notice>,
}

/// The form for one more.
pub(super) async fn show_add(member: Member) -> Result<Response, Turned> {
    if !member.visit.state.engine().status(&member.session.user).await?.enabled {
        return Err(Turned::To("/account/two-factor"));
    }
    let frame = member.visit.frame("account");
    member.visit.page(StatusCode::OK, &Add { frame, name: "", notice: None })
}

/// Begins its set-up.
pub(super) async fn add(Posted(member, fields): Posted<Member>) -> Result<Response, Turned> {
    let visit = &member.visit;
    let enrolling = Enrolling::Session(member.caller());
    let wanted =
        Wanted { name: fields.given("name").map(str::trim), answer: fields.answer("code"), ..Wanted::default() };
    match flow::begin(&visit.state.handle, &enrolling, wanted, &visit.requester).await {
        Ok(enrolment) => done("/setup", [setup::on_its_way(visit, enrolling.user(), &enrolment)?]),
        Err(problem) => {
            let frame = visit.frame("account");
            let notice = Some(said(&frame, &problem));
            visit.page(problem.status(), &Add { frame, name: fields.text("name"), notice })
        }
    }
}

/// One factor, to be renamed or removed.
pub(super) async fn show(member: Member, Path(id): Path<String>) -> Result<Response, Turned> {
    page(&member, &id, None).await
}

/// Gives it another name.
pub(super) async fn rename(Path(id): Path<String>, Posted(member, fields): Posted<Member>) -> Result<Response, Turned> {
    let (visit, factor) = (&member.visit, factor_id(&id)?);
    let name = fields.text("name").trim();
    match flow::rename_factor(&visit.state.handle, &member.caller(), factor, name, &visit.requester).await {
        Ok(()) => done("/account?done=renamed", []),
        Err(problem) => page(&member, &id, Some(problem)).await,
    }
}

/// Removes it.
pub(super) async fn remove(Path(id): Path<String>, Posted(member, fields): Posted<Member>) -> Result<Response, Turned> {
    let (visit, factor) = (&member.visit, factor_id(&id)?);
    let (password, answer) = (Some(fields.text("password")), fields.answer("code"));
    let removed =
        flow::remove_factor(&visit.state.handle, &member.caller(), factor, password, answer, &visit.requester).await;
    match removed {
        Ok(()) => done("/account?done=removed", []),
        Err(problem) => page(&member, &id, Some(problem)).await,
    }
}

async fn page(member: &Member, id: &str, problem: Option<Problem>) -> Result<Response, Turned> {
    let (visit, factor) = (&member.visit, factor_id(id)?);
    let now = visit.state.engine().status(&member.session.user).await?;
    let last = now.factors.len() == 1;
    let found: FactorStatus =
        now.factors.into_iter().find(|known| known.id == factor).ok_or_else(Problem::not_found)?;
    let status = problem.as_ref().map_or(StatusCode::OK, Problem::status);
    let frame = visit.frame("account");
    let notice = problem.map(|problem| said(&frame, &problem));
    let page = OneFactor { frame, id: found.id.to_string(), name: found.name, last, required: now.required, notice };
    visit.page(status, &page)
}

fn said(frame: &Frame, problem: &Problem) -> Notice {
    let notice = Notice::of(frame.t, problem);
    match problem.code() {
        "malformed_request" => notice.saying(frame.t.problem_name),
        "invalid_credentials" => notice.saying(frame.t.problem_password),
        _ => notice,
    }
}

fn factor_id(text: &str) -> Result<FactorId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}
