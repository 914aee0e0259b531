use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::{
    frame::Frame,
    visit::{Member, Turned},
    when::When,
};

#[derive(Template)]
#[template(path = "activity.html")]
struct Activity {
    frame: Frame,
    events: Vec<Event>,
}

struct Event {
    at: When,
    text: &'static str,
}

/// How many events the page shows.
const SHOWN: usize = 50;

/// What happened with the second factor, the newest first.
pub(super) async fn show(member: Member) -> Result<Response, Turned> {
    let frame = member.visit.frame("activity");
    let events = member.visit.state.engine().events(&member.session.user, SHOWN).await?;
    let events = events.into_iter().map(|event| Event { at: event.at.into(), text: frame.t.event(&event.kind) });
    let events = events.collect();
    member.visit.page(StatusCode::OK, &Activity { frame, events })
}
