use axum::response::{IntoResponse as _, Response};
use countersign_rate_limit::{Charge, Decision, Quota, RateLimiter};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{ClientAddress, Problem};

/// Where a client stands with one limit, after it was charged.
#[derive(Debug)]
pub(super) struct Standing<'a> {
    name: &'a str,
    quota: Quota,
    remaining: u64,
    /// Until there is more room, in seconds.
    seconds: u64,
}

/// Charges one request to `key`.
///
/// # Errors
/// 429 where there is no room, saying so in its headers; 503 where the limiter cannot decide.
pub(super) async fn charge<'a>(
    limiter: &dyn RateLimiter,
    name: &'a str,
    key: &str,
    quota: Quota,
) -> Result<Standing<'a>, Response> {
    match limiter.take(&[Charge::new(key, quota)]).await {
        Ok(Decision::Allowed { remaining, resets_after }) => {
            Ok(Standing { name, quota, remaining: remaining.into(), seconds: resets_after.as_secs() })
        }
        Ok(Decision::Denied { retry_after }) => {
            let mut response = Problem::rate_limited(retry_after).into_response();
            let standing = Standing { name, quota, remaining: 0, seconds: retry_after.as_secs().max(1) };
            standing.say(response.headers_mut());
            Err(response)
        }
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "the rate limiter could not decide");
            Err(Problem::unavailable().into_response())
        }
    }
}

/// The part of a key that stands for a client address; all whose address is not known are one.
pub(super) fn holder(address: Option<ClientAddress>) -> String {
    address.map(ClientAddress::holder).map_or_else(|| "unknown".to_owned(), |holder| holder.to_string())
}

impl Standing<'_> {
    /// Says it before what other limits have said (draft-ietf-httpapi-ratelimit-headers-10: both headers are lists).
    pub(super) fn say(&self, headers: &mut HeaderMap) {
        let Self { name, quota, remaining, seconds } = self;
        prepend(headers, POLICY, &format!(r#""{name}";q={};w={}"#, quota.limit(), quota.window().as_secs()));
        prepend(headers, STANDING, &format!(r#""{name}";r={remaining};t={seconds}"#));
    }
}

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STANDING: HeaderName = HeaderName::from_static("ratelimit");

fn prepend(headers: &mut HeaderMap, name: HeaderName, item: &str) {
    let list = match headers.get(&name).and_then(|said| said.to_str().ok()) {
        Some(said) => format!("{item}, {said}"),
        None => item.to_owned(),
    };
    if let Ok(value) = HeaderValue::from_str(&list) {
        headers.insert(name, value);
    }
}
