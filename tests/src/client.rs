//! A client that knows the HTTP contract and nothing else.

use reqwest::{
    Method, StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};
use serde_json::{Value, json};

/// Speaks JSON to one server. Keeps no cookies: what it is signed in by is said with each call.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    url: String,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; `Null` where there is none.
    pub body: Value,
}

/// A password that no list of common ones has.
pub const PASSWORD: &str = "quiet-otter-climbs-nine-ladders";

impl Client {
    /// A client of the server at `url`.
    pub fn new(url: &str) -> Self {
        Self { http: reqwest::Client::new(), url: url.to_owned() }
    }

    /// One request, with a Bearer token where one is given.
    pub async fn call(&self, method: Method, path: &str, bearer: Option<&str>, body: Option<Value>) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if let Some(token) = bearer {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.expect("the server answers");
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.expect("the answer ends");
        let body =
            if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::String(text)) };
        let answer = Answer { status, headers, body };
        answer.check_form();
        answer
    }

    /// A `POST` below `/api/v1`.
    pub async fn post(&self, path: &str, bearer: Option<&str>, body: Value) -> Answer {
        self.call(Method::POST, &format!("/api/v1{path}"), bearer, Some(body)).await
    }

    /// A `GET` below `/api/v1`.
    pub async fn get(&self, path: &str, bearer: Option<&str>) -> Answer {
        self.call(Method::GET, &format!("/api/v1{path}"), bearer, None).await
    }

    /// Signs up and gives the set-up token.
    pub async fn register(&self, email: &str) -> String {
        let answer = self.post("/auth/register", None, json!({"email": email, "password": PASSWORD})).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        assert_eq!(answer.body["status"], "2fa_setup_required");
        answer.text("setup_token")
    }

    /// Shows the password and gives the ticket.
    pub async fn ticket(&self, email: &str) -> String {
        let answer = self.post("/auth/login", None, json!({"email": email, "password": PASSWORD})).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert_eq!(answer.body["status"], "2fa_required", "{answer:?}");
        answer.text("ticket")
    }

    /// Answers a ticket with a code.
    pub async fn second_step(&self, ticket: &str, code: &str) -> Answer {
        self.post("/auth/login/2fa", None, json!({"ticket": ticket, "code": code})).await
    }

    /// Answers a ticket with a backup code.
    pub async fn second_step_by_backup_code(&self, ticket: &str, code: &str) -> Answer {
        self.post("/auth/login/2fa", None, json!({"ticket": ticket, "backup_code": code})).await
    }
}

impl Answer {
    /// A string field, which has to be there.
    pub fn text(&self, field: &str) -> String {
        self.body[field].as_str().unwrap_or_else(|| panic!("no text `{field}` in {self:?}")).to_owned()
    }

    /// The problem's code, for a refusal.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or("")
    }

    /// Asserts a refusal with this status and code.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        assert_eq!((self.status.as_u16(), self.code()), (status, code), "{self:?}");
    }

    /// The header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// What holds for every answer of the contract: refusals are problems, and what carries a secret is not cached.
    #[track_caller]
    fn check_form(&self) {
        assert!(!self.status.is_server_error(), "{self:?}");
        assert!(self.headers.contains_key("x-request-id"), "{self:?}");
        if self.status.is_client_error() {
            assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
            for field in ["type", "title", "detail", "code"] {
                assert!(self.body[field].is_string(), "no `{field}` in {self:?}");
            }
            assert_eq!(self.body["status"], self.status.as_u16(), "{self:?}");
            assert_eq!(self.headers.contains_key(RETRY_AFTER), self.body["retry_after"].is_u64(), "{self:?}");
        }
        let secret = ["ticket", "setup_token", "access_token", "refresh_token", "secret", "backup_codes"];
        if secret.iter().any(|field| !self.body[field].is_null()) {
            assert_eq!(self.header("cache-control"), Some("no-store"), "{self:?}");
        }
    }
}
