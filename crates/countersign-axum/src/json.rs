use std::fmt;

use axum::extract::{FromRequest, Request};
use http::{HeaderMap, header::CONTENT_TYPE};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, schema::Schema},
};
use zeroize::Zeroizing;

use crate::Problem;

/// The most bytes of a request body: 64 KiB.
pub const BODY_LIMIT: usize = 64 * 1024;

/// A JSON body, read strictly.
///
/// 413 `body_too_large` past [`BODY_LIMIT`]; 400 `malformed_request` for another content type than `application/json`
/// (with UTF-8, if a charset is named), for anything that is not exactly one JSON value of the type asked for, and for a
/// key given twice. Types taken by it carry `#[serde(deny_unknown_fields)]`. No body and no content type count as `{}`.
#[derive(Debug)]
pub struct StrictJson<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for StrictJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = match Limited::new(body, BODY_LIMIT).collect().await {
            Ok(collected) => collected.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => return Err(Problem::body_too_large()),
            Err(_) => return Err(Problem::malformed_request().detail("The body did not arrive")),
        };
        let bytes: &[u8] = match (parts.headers.contains_key(CONTENT_TYPE), bytes.is_empty()) {
            (false, true) => b"{}",
            _ if !is_json(&parts.headers) => {
                return Err(Problem::malformed_request().detail("The content type has to be application/json"));
            }
            _ => &bytes,
        };
        match serde_json::from_slice(bytes) {
            Ok(value) => Ok(Self(value)),
            // Where, not what: the parser's message may quote the value.
            Err(error) => Err(Problem::malformed_request().detail(format!(
                "The body is not the JSON that this route takes (line {}, column {})",
                error.line(),
                error.column()
            ))),
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let Ok(value) = value.to_str() else { return false };
    let mut parts = value.split(';').map(str::trim);
    let json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    json && parts.filter(|part| !part.is_empty()).all(|part| {
        let part = part.to_ascii_lowercase();
        !part.starts_with("charset=") || matches!(part.as_str(), "charset=utf-8" | "charset=\"utf-8\"")
    })
}

/// A JSON string that lets its sender in: a password, a code, a ticket. Wiped on drop, never printed.
pub struct SecretField(Zeroizing<String>);

impl SecretField {
    /// The only way to the text.
    #[must_use]
    pub fn expose_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretField([REDACTED])")
    }
}

impl<'de> Deserialize<'de> for SecretField {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text)))
    }
}

impl PartialSchema for SecretField {
    fn schema() -> RefOr<Schema> {
        String::schema()
    }
}

impl ToSchema for SecretField {}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::Method;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Taken {
        code: SecretField,
    }

    async fn read(content_type: Option<&str>, body: impl Into<Body>) -> Result<String, (u16, &'static str)> {
        let mut request = http::Request::builder().method(Method::POST);
        if let Some(content_type) = content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        StrictJson::<Taken>::from_request(request.body(body.into()).unwrap(), &())
            .await
            .map(|StrictJson(taken)| taken.code.expose_str().to_owned())
            .map_err(|problem| (problem.status().as_u16(), problem.code()))
    }

    #[tokio::test]
    async fn one_strict_json_object_is_taken() {
        for content_type in
            ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\""]
        {
            assert_eq!(
                read(Some(content_type), r#"{"code":"012345"}"#).await,
                Ok("012345".to_owned()),
                "{content_type}"
            );
        }
    }

    #[tokio::test]
    async fn anything_else_is_a_malformed_request() {
        let malformed = Err((400, "malformed_request"));
        for body in [
            "",
            "{}",
            "null",
            "[]",
            r#"{"code":287082}"#,
            r#"{"code":["287082"]}"#,
            r#"{"code":{"$gt":""}}"#,
            r#"{"code":null}"#,
            r#"{"code":"1","code":"2"}"#,
            r#"{"code":"1","user_id":"2"}"#,
            r#"{"code":"1"} {}"#,
            r#"{"code":"\ud800"}"#,
        ] {
            assert_eq!(read(Some("application/json"), body).await, malformed, "{body}");
        }
        for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", ""]
        {
            assert_eq!(read(Some(content_type), r#"{"code":"1"}"#).await, malformed, "{content_type}");
        }
        assert_eq!(read(None, r#"{"code":"1"}"#).await, malformed);
        assert_eq!(read(Some("application/json"), b"{\"code\":\"\xff\"}".to_vec()).await, malformed);
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_too_large_and_one_at_the_limit_is_read() {
        let fill = |length: usize| format!(r#"{{"code":"{}"}}"#, "1".repeat(length - 11));
        assert_eq!(read(Some("application/json"), fill(BODY_LIMIT)).await.map(|code| code.len()), Ok(BODY_LIMIT - 11));
        assert_eq!(read(Some("application/json"), fill(BODY_LIMIT + 1)).await, Err((413, "body_too_large")));
    }

    #[test]
    fn a_secret_field_is_not_printed() {
        let field: SecretField = serde_json::from_str("\"hunter2hunter2\"").unwrap();
        assert_eq!(format!("{field:?}"), "SecretField([REDACTED])");
    }
}
