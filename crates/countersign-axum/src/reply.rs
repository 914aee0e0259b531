use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, SET_COOKIE},
};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::Problem;

/// What a host adds to an answer: members of the JSON object, and headers such as `Set-Cookie`.
#[derive(Debug, Default)]
pub struct Reply {
    members: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Reply {
    /// Adds the members of `object`, which must be written as a JSON object.
    ///
    /// # Errors
    /// 500 `internal_error` if it is written as something else.
    pub fn members(mut self, object: &impl Serialize) -> Result<Self, Problem> {
        match serde_json::to_value(object) {
            Ok(Value::Object(members)) => {
                self.members.extend(members);
                Ok(self)
            }
            _ => Err(Problem::internal_error()),
        }
    }

    /// Adds a header; one of the same name stays.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Adds a cookie, given as the value of its `Set-Cookie` header.
    ///
    /// # Errors
    /// 500 `internal_error` if that is not a header's value.
    pub fn cookie(self, cookie: &str) -> Result<Self, Problem> {
        let mut value = HeaderValue::from_str(cookie).map_err(|_| Problem::internal_error())?;
        value.set_sensitive(true);
        Ok(self.header(SET_COOKIE, value))
    }

    /// Its headers on an answer of another kind, such as a redirect to a page. The members are not sent.
    #[must_use]
    pub fn onto(self, mut response: Response) -> Response {
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in self.headers {
            response.headers_mut().append(name, value);
        }
        response
    }

    /// The answer: the members as a JSON object, never to be cached.
    #[must_use]
    pub fn answer(mut self, status: StatusCode) -> Response {
        let members = Value::Object(std::mem::take(&mut self.members));
        self.onto((status, Json(members)).into_response())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_objects_have_members() {
        assert_eq!(Reply::default().members(&[1, 2]).unwrap_err().code(), "internal_error");
        let reply = Reply::default().members(&serde_json::json!({"a": 1})).unwrap().cookie("a=1").unwrap();
        let response = reply.cookie("b=2").unwrap().answer(StatusCode::OK);
        assert_eq!(response.headers().get_all(SET_COOKIE).iter().count(), 2);
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
    }
}
