use std::{borrow::Cow, time::Duration};

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde::Serialize;
use utoipa::ToSchema;

/// An answer that says no, as RFC 9457 has it (`application/problem+json`).
///
/// The `code` is stable and meant for programs; `detail` is meant for people and may be reworded. Neither ever carries a
/// secret, nor anything from inside. Every problem is sent with `Cache-Control: no-store`, and is an extension of its
/// response, so that a layer can give people a page instead.
#[derive(Clone, Debug)]
#[must_use]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: Cow<'static, str>,
    attempts_left: Option<u32>,
    retry_after: Option<Duration>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem with this status, stable code and title.
    pub const fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Self {
            status,
            code,
            title,
            detail: Cow::Borrowed(title),
            attempts_left: None,
            retry_after: None,
            headers: Vec::new(),
        }
    }

    /// 400 `malformed_request`: the body is not what the route takes.
    pub const fn malformed_request() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed_request", "The request is not what this route takes")
    }

    /// 400 `malformed_code`: what was sent cannot be a code.
    pub const fn malformed_code() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed_code", "This cannot be a code")
    }

    /// 401 `unauthorized`: nobody is signed in on this request.
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "Nobody is signed in on this request")
            .header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// 401 `invalid_credentials`: the first factor is wrong, or there is no such account.
    pub const fn invalid_credentials() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_credentials", "The address or the password is not right")
    }

    /// 401 `password_required`: the change asks for the password again.
    pub const fn password_required() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "password_required", "The password is needed again for this")
    }

    /// 401 `insufficient_user_authentication` (RFC 9470, section 3): the second factor has to be shown, or shown again.
    ///
    /// `max_age` is how long ago it may have been; `None` where any showing in this session would do.
    pub fn insufficient_user_authentication(max_age: Option<Duration>) -> Self {
        let age = max_age.map_or_else(String::new, |age| format!(r#", max_age="{}""#, age.as_secs()));
        let challenge = format!(
            r#"Bearer error="insufficient_user_authentication", error_description="A second factor is needed for this", acr_values="{ACR_SECOND_FACTOR}"{age}"#,
        );
        let problem = Self::new(
            StatusCode::UNAUTHORIZED,
            "insufficient_user_authentication",
            "The second factor is needed for this",
        );
        // The text above is printable ASCII, so the conversion holds; if it ever did not, the code still says it all.
        match HeaderValue::from_str(&challenge) {
            Ok(value) => problem.header(WWW_AUTHENTICATE, value),
            Err(_) => problem,
        }
    }

    /// 403 `cross_origin`: the request came from another site.
    pub const fn cross_origin() -> Self {
        Self::new(StatusCode::FORBIDDEN, "cross_origin", "The request came from another site")
    }

    /// 404 `not_found`.
    pub const fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is nothing here")
    }

    /// 405 `method_not_allowed`; the `Allow` header is the router's.
    pub const fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "This route does not take this method")
    }

    /// 408 `request_timeout`: the body did not arrive in time (RFC 9110, section 15.5.9).
    pub const fn request_timeout() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", "The request did not arrive in time")
    }

    /// 413 `body_too_large`.
    pub const fn body_too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "The request is too large")
    }

    /// 429 `rate_limited`, with the time until a try may be worth it.
    pub const fn rate_limited(retry_after: Duration) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "Too many tries").retry_after(retry_after)
    }

    /// 500 `internal_error`: a defect of the server; nothing about it is told.
    pub const fn internal_error() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "The server failed")
    }

    /// 503 `unavailable`: something that the answer depends on is out of reach. Nothing was accepted.
    pub const fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "No answer is possible at the moment")
            .retry_after(Duration::from_secs(2))
    }

    /// 503 `busy`: more work is waiting than the bound allows. Nothing was accepted.
    pub const fn busy() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Too busy at the moment").retry_after(Duration::from_secs(1))
    }

    /// The same, with this explanation for people.
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = detail.into();
        self
    }

    /// The same, saying how many answers are left.
    pub const fn attempts_left(mut self, left: u32) -> Self {
        self.attempts_left = Some(left);
        self
    }

    /// The same, saying when a try may be worth it: in the body and as `Retry-After`, in whole seconds, rounded up, at
    /// least one.
    pub const fn retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    /// The same, with one more header.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Its HTTP status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// Its stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// The kind of problem, for people.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        self.title
    }

    /// What it says to people about this occurrence.
    #[must_use]
    pub fn explanation(&self) -> &str {
        &self.detail
    }

    /// Answers left before another kind of refusal, if it says.
    #[must_use]
    pub const fn answers_left(&self) -> Option<u32> {
        self.attempts_left
    }

    /// When a try may be worth it, if it says: in whole seconds, rounded up, at least one.
    #[must_use]
    pub fn seconds_to_wait(&self) -> Option<u64> {
        let seconds = self.retry_after?.as_millis().div_ceil(1000).max(1);
        Some(u64::try_from(seconds).unwrap_or(u64::MAX))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (this, retry_after) = (self.clone(), self.seconds_to_wait());
        let body = ProblemBody {
            kind: format!("urn:countersign:problem:{}", self.code),
            title: self.title.to_owned(),
            status: self.status.as_u16(),
            detail: self.detail.into_owned(),
            code: self.code.to_owned(),
            attempts_left: self.attempts_left,
            retry_after,
        };
        let mut response = (self.status, Json(&body)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = body.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        for (name, value) in self.headers {
            headers.append(name, value);
        }
        response.extensions_mut().insert(this);
        response
    }
}

/// The `acr` value (OpenID Connect Core, section 2) of a session whose second factor has been shown.
pub const ACR_SECOND_FACTOR: &str = "2fa";

/// The `acr` value of a session that knows the first factor alone.
pub const ACR_FIRST_FACTOR: &str = "1fa";

/// The body of a [`Problem`], for descriptions of an API.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// A URI that names the kind of problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem, for people.
    pub title: String,
    /// The HTTP status, again.
    pub status: u16,
    /// This occurrence, for people.
    pub detail: String,
    /// The kind of problem, for programs; stable.
    pub code: String,
    /// Answers left before another kind of refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts_left: Option<u32>,
    /// Seconds until a try may be worth it; also the `Retry-After` header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use serde_json::{Value, json};

    use super::*;

    async fn body(response: Response) -> Value {
        serde_json::from_slice(&to_bytes(response.into_body(), 10_000).await.unwrap()).unwrap()
    }

    #[tokio::test]
    async fn a_problem_is_written_as_rfc_9457_has_it() {
        let response = Problem::rate_limited(Duration::from_millis(1_200)).attempts_left(0).into_response();
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        assert_eq!(response.headers()[RETRY_AFTER], "2");
        assert_eq!(
            body(response).await,
            json!({
                "type": "urn:countersign:problem:rate_limited", "title": "Too many tries", "status": 429,
                "detail": "Too many tries", "code": "rate_limited", "attempts_left": 0, "retry_after": 2,
            })
        );
    }

    #[tokio::test]
    async fn what_does_not_apply_is_left_out() {
        let response = Problem::not_found().into_response();
        assert!(!response.headers().contains_key(RETRY_AFTER));
        let body = body(response).await;
        assert_eq!(body.get("attempts_left"), None);
        assert_eq!(body.get("retry_after"), None);
    }

    #[test]
    fn a_step_up_challenge_names_age_and_level() {
        let response = Problem::insufficient_user_authentication(Some(Duration::from_secs(300))).into_response();
        let challenge = response.headers()[WWW_AUTHENTICATE].to_str().unwrap();
        assert!(challenge.starts_with("Bearer error=\"insufficient_user_authentication\""), "{challenge}");
        assert!(challenge.contains("max_age=\"300\"") && challenge.contains("acr_values=\"2fa\""), "{challenge}");
    }
}
