//! A client that knows the HTTP contract and nothing else.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use reqwest::{
    Method, StatusCode,
    header::{COOKIE, HeaderMap, RETRY_AFTER, SET_COOKIE},
};
use serde_json::{Value, json};

use crate::watch::Watch;

/// Speaks JSON to the instances of one server, in turn. Keeps no cookies: what it is signed in by is said with each call.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    urls: Arc<[String]>,
    turn: Arc<AtomicUsize>,
    headers: Vec<(String, String)>,
    watch: Watch,
    faults: bool,
}

/// A request on its way.
#[derive(Debug)]
#[must_use = "it has to be sent"]
pub struct Ask<'a> {
    client: &'a Client,
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub text: String,
    /// The body; `Null` where there is none, a string where it is no JSON.
    pub body: Value,
}

/// A password that no list of common ones has.
pub const PASSWORD: &str = "quiet-otter-climbs-nine-ladders";

/// Another one.
pub const OTHER_PASSWORD: &str = "seven-lamps-above-a-dry-canal";

impl Client {
    /// A client of the server at `url`.
    pub fn new(url: &str) -> Self {
        Self::of([url.to_owned()], Watch::default())
    }

    /// A client of these instances, who asks them in turn, under this eye.
    pub fn of(urls: impl IntoIterator<Item = String>, watch: Watch) -> Self {
        let (urls, turn) = (urls.into_iter().collect(), Arc::default());
        Self { http: http(None), urls, turn, headers: Vec::new(), watch, faults: false }
    }

    /// The same, from another address of this machine: all of 127.0.0.0/8 are.
    pub fn at(&self, address: Ipv4Addr) -> Self {
        Self { http: http(Some(IpAddr::V4(address))), ..self.clone() }
    }

    /// The same, with one more header in each request.
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    /// The same, where answers may be 503: a fault was injected.
    pub fn through_faults(&self) -> Self {
        Self { faults: true, ..self.clone() }
    }

    /// The eye on this client's secrets.
    pub fn watch(&self) -> &Watch {
        &self.watch
    }

    /// A request, to be filled and sent. The path is sent as it is.
    pub fn ask(&self, method: Method, path: &str) -> Ask<'_> {
        Ask { client: self, method, path: path.to_owned(), headers: self.headers.clone(), body: None }
    }

    /// One request, with a Bearer token where one is given.
    pub async fn call(&self, method: Method, path: &str, bearer: Option<&str>, body: Option<Value>) -> Answer {
        let mut ask = self.ask(method, path);
        if let Some(token) = bearer {
            ask = ask.bearer(token);
        }
        if let Some(body) = body {
            ask = ask.json(&body);
        }
        ask.send().await
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

    /// The first step of a sign-in.
    pub async fn login(&self, email: &str, password: &str) -> Answer {
        self.post("/auth/login", None, json!({"email": email, "password": password})).await
    }

    /// Shows the password and gives the ticket.
    pub async fn ticket(&self, email: &str) -> String {
        let answer = self.login(email, PASSWORD).await;
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

    /// Spends a refresh token.
    pub async fn refresh(&self, token: &str) -> Answer {
        self.post("/auth/refresh", None, json!({"refresh_token": token})).await
    }

    /// The instance whose turn it is.
    pub fn next_url(&self) -> &str {
        &self.urls[self.turn.fetch_add(1, Ordering::Relaxed) % self.urls.len()]
    }
}

/// A client that follows nothing and keeps nothing.
fn http(address: Option<IpAddr>) -> reqwest::Client {
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    builder.local_address(address).build().expect("a client")
}

impl Ask<'_> {
    /// With a Bearer token.
    pub fn bearer(self, token: &str) -> Self {
        self.client.watch.add(token);
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// With a cookie, as `name=value`.
    pub fn cookie(self, cookie: &str) -> Self {
        self.client.watch.add(cookie.split_once('=').map_or(cookie, |(_, value)| value));
        self.header(COOKIE.as_str(), cookie)
    }

    /// With one more header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a JSON body.
    pub fn json(self, body: &Value) -> Self {
        self.client.watch.add_all(body);
        self.bytes("application/json", body.to_string())
    }

    /// With a body of this type.
    pub fn bytes(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self.header("content-type", content_type)
    }

    /// Sends it, and checks of the answer what holds for every answer.
    pub async fn send(self) -> Answer {
        let client = self.client;
        let answer = self.exchange().await;
        answer.check_form(client.faults);
        if answer.status.is_client_error() || answer.status.is_server_error() {
            client.watch.check_refusal(&answer);
        } else {
            client.watch.add_all(&answer.body);
            answer.set_cookies().for_each(|cookie| client.watch.add(cookie.split_once('=').map_or("", |(_, v)| v)));
        }
        client.watch.check_logs();
        answer
    }

    /// Sends it where a page may answer, which is no JSON when it refuses either.
    pub async fn send_for_a_page(self) -> Answer {
        let client = self.client;
        let answer = self.exchange().await;
        assert!(!answer.status.is_server_error(), "{answer:?}");
        client.watch.check_logs();
        answer
    }

    async fn exchange(self) -> Answer {
        let client = self.client;
        let mut request = client.http.request(self.method, format!("{}{}", client.next_url(), self.path));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(body) = self.body {
            request = request.body(body);
        }
        let response = request.send().await.expect("the server answers");
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.expect("the answer ends");
        let body = match serde_json::from_str(&text) {
            _ if text.is_empty() => Value::Null,
            Ok(body) => body,
            Err(_) => Value::String(text.clone()),
        };
        Answer { status, headers, text, body }
    }
}

impl Answer {
    /// A string field, which has to be there.
    #[track_caller]
    pub fn text(&self, field: &str) -> String {
        self.body[field].as_str().unwrap_or_else(|| panic!("no text `{field}` in {self:?}")).to_owned()
    }

    /// The problem's code, for a refusal.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or("")
    }

    /// Asserts a refusal with this status and code.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> &Self {
        assert_eq!((self.status.as_u16(), self.code()), (status, code), "{self:?}");
        self
    }

    /// Asserts an answer that is no refusal.
    #[track_caller]
    pub fn done(self) -> Self {
        assert!(self.status.is_success(), "{self:?}");
        self
    }

    /// The header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The cookie of that name as it is sent back, `name=value`, if the answer sets it.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.set_cookies().find(|cookie| cookie.split_once('=').is_some_and(|(set, _)| set == name))
    }

    fn set_cookies(&self) -> impl Iterator<Item = &str> {
        let values = self.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        values.filter_map(|value| value.split(';').next())
    }

    /// What holds for every answer of the contract: refusals are problems, and what carries a secret is not cached.
    #[track_caller]
    fn check_form(&self, faults: bool) {
        assert!(!self.status.is_server_error() || faults && self.status == 503, "{self:?}");
        assert!(self.headers.contains_key("x-request-id"), "{self:?}");
        if self.status.is_client_error() || self.status.is_server_error() {
            assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
            assert_eq!(self.header("cache-control"), Some("no-store"), "{self:?}");
            // The answer to HEAD has no body.
            if !self.body.is_null() {
                for field in ["type", "title", "detail", "code"] {
                    assert!(self.body[field].is_string(), "no `{field}` in {self:?}");
                }
                assert_eq!(self.body["status"], self.status.as_u16(), "{self:?}");
                assert_eq!(self.headers.contains_key(RETRY_AFTER), self.body["retry_after"].is_u64(), "{self:?}");
            }
        }
        let secret = ["ticket", "setup_token", "access_token", "refresh_token", "secret", "backup_codes"];
        if secret.iter().any(|field| !self.body[field].is_null()) || self.headers.contains_key(SET_COOKIE) {
            assert_eq!(self.header("cache-control"), Some("no-store"), "{self:?}");
        }
    }
}
