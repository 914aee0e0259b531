use askama::Template;
use axum::{extract::Query, response::Response};
use countersign_axum::Problem;
use http::StatusCode;

use super::{
    account::Done,
    forms::Posted,
    frame::Frame,
    visit::{Member, Turned, done},
    when::When,
};
use crate::{core::unavailable, ids::is_id};

#[derive(Template)]
#[template(path = "sessions.html")]
struct Sessions {
    frame: Frame,
    told: Option<&'static str>,
    sessions: Vec<Row>,
    devices: Vec<Row>,
}

/// A session or a device.
struct Row {
    id: String,
    name: String,
    network: String,
    since: When,
    seen: When,
    current: bool,
}

/// Where the account is signed in, and where it was.
pub(super) async fn show(member: Member, Query(before): Query<Done>) -> Result<Response, Turned> {
    let (visit, session) = (&member.visit, &member.session);
    let core = &visit.state.core;
    let sessions = core.sessions.of(&session.user, core.ids.now()?).await.map_err(unavailable)?;
    let devices = core.devices.of(&session.user).await.map_err(unavailable)?;
    let sessions = sessions.into_iter().map(|one| Row {
        current: one.id == session.id,
        id: one.id,
        name: one.device_name,
        network: one.network,
        since: one.created_at.into(),
        seen: one.last_seen_at.into(),
    });
    let devices = devices.into_iter().map(|one| Row {
        current: one.id == session.device,
        id: one.id,
        name: one.name,
        network: one.network,
        since: one.first_seen_at.into(),
        seen: one.last_seen_at.into(),
    });
    let frame = visit.frame("sessions");
    let told = before.told(frame.t);
    visit.page(StatusCode::OK, &Sessions { frame, told, sessions: sessions.collect(), devices: devices.collect() })
}

/// Ends one session, or all others.
pub(super) async fn end(Posted(member, fields): Posted<Member>) -> Result<Response, Turned> {
    let (session, sessions) = (&member.session, &member.visit.state.core.sessions);
    match fields.given("id") {
        Some("others") => {
            sessions.end_others(&session.user, &session.id).await.map_err(unavailable)?;
            done("/account/sessions?done=others-ended", [])
        }
        Some(id) if is_id(id) && sessions.end(&session.user, id).await.map_err(unavailable)? => {
            done("/account/sessions?done=ended", [])
        }
        _ => Err(Problem::not_found().into()),
    }
}

/// Forgets one device, or all others, and ends their sessions.
pub(super) async fn forget(Posted(member, fields): Posted<Member>) -> Result<Response, Turned> {
    let (session, core, requester) = (&member.session, &member.visit.state.core, &member.visit.requester);
    match fields.given("id") {
        Some("others") => {
            core.forget_other_devices(session, requester).await?;
            done("/account/sessions?done=others-forgotten", [])
        }
        Some(id) if core.forget_device(session, id, requester).await? => done("/account/sessions?done=forgotten", []),
        _ => Err(Problem::not_found().into()),
    }
}
