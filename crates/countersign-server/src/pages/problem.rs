use askama::Template;
use axum::{
    extract::Request,
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use countersign_axum::Problem;
use http::{
    HeaderMap, HeaderValue,
    header::{ACCEPT, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE},
};

use super::{frame::Frame, notice::Notice};

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    frame: Frame,
    notice: Notice,
}

/// Middleware: a problem on the way to a person becomes a page.
pub(crate) async fn for_people(request: Request, next: Next) -> Response {
    let is_person = !request.uri().path().starts_with("/api/") && wants_html(request.headers());
    let response = next.run(request).await;
    match response.extensions().get::<Problem>() {
        Some(problem) if is_person => page(problem, &response).unwrap_or(response),
        _ => response,
    }
}

/// The page in the place of a response, with its status and headers.
fn page(problem: &Problem, response: &Response) -> Option<Response> {
    let frame = Frame::new("", false, String::new());
    let notice = Notice::of(frame.t, problem);
    let html = ProblemPage { frame, notice }.render().ok()?;
    let mut page = (response.status(), Html(html)).into_response();
    for (name, value) in response.headers() {
        if name != CONTENT_TYPE && name != CONTENT_LENGTH {
            page.headers_mut().append(name, value.clone());
        }
    }
    page.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Some(page)
}

fn wants_html(headers: &HeaderMap) -> bool {
    headers.get_all(ACCEPT).iter().any(|accept| accept.to_str().is_ok_and(|accept| accept.contains("text/html")))
}
