use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::{
    frame::Frame,
    visit::{Stranger, Turned},
};

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    frame: Frame,
}

/// Where everybody begins.
pub(super) async fn show(Stranger(visit): Stranger) -> Result<Response, Turned> {
    visit.page(StatusCode::OK, &Home { frame: visit.frame("home") })
}
