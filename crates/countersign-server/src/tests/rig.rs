use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
};
use clap::Parser as _;
use countersign::clock::{Clock, ManualClock, Timestamp};
use http::{HeaderMap, Method, Request, StatusCode, header::AUTHORIZATION};
use serde_json::{Value, json};
use tempfile::TempDir;
use totp_rs::{Builder, Secret, Totp};
use tower::ServiceExt as _;

use crate::{
    serve::House,
    settings::{CommandLine, PublicUrl, Settings},
};

pub(super) const PASSWORD: &str = "quiet-otter-climbs-nine-ladders";
pub(super) const ADA: &str = "ada@example.com";

/// The application, and its clock.
pub(super) struct Rig {
    pub(super) app: Router,
    pub(super) clock: ManualClock,
    pub(super) data: TempDir,
    arguments: Vec<String>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

/// Somebody with a live factor.
pub(super) struct Enrolled {
    pub(super) phone: Totp,
    pub(super) first: Answer,
}

pub(super) fn settings(data: &TempDir, arguments: &[&str]) -> Settings {
    let folder = data.path().join("data");
    let fixed = ["countersign-server", "--data-dir", folder.to_str().unwrap()];
    Settings::read(CommandLine::parse_from(fixed.iter().chain(arguments)).given).unwrap()
}

impl Rig {
    pub(super) async fn new() -> Self {
        Self::with(&[]).await
    }

    pub(super) async fn with(arguments: &[&str]) -> Self {
        let data = TempDir::new().unwrap();
        let clock = ManualClock::at(Timestamp::from_secs(1_767_225_600));
        let settings = settings(&data, arguments);
        let public_url = settings.public_url.clone();
        let house = House::open(settings, Arc::new(clock.clone())).await.unwrap();
        let public_url = public_url.unwrap_or_else(|| PublicUrl::of(([127, 0, 0, 1], 8080).into(), false));
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Self { app: house.app(&public_url, None).unwrap(), clock, data, arguments }
    }

    /// What the server of this rig is opened from.
    pub(super) async fn house(&self) -> House {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        House::open(settings(&self.data, &arguments), Arc::new(self.clock.clone())).await.unwrap()
    }

    /// Starts again on the same data.
    pub(super) async fn restart(&mut self) {
        let public_url = PublicUrl::of(([127, 0, 0, 1], 8080).into(), false);
        self.app = self.house().await.app(&public_url, None).unwrap();
    }

    pub(super) fn secs(&self) -> u64 {
        self.clock.now().unwrap().as_secs()
    }

    pub(super) fn wait(&self, secs: u64) {
        self.clock.advance(Duration::from_secs(secs));
    }

    pub(super) async fn post(&self, path: &str, bearer: Option<&str>, body: Value) -> Answer {
        self.call(Method::POST, path, bearer, Some(body)).await
    }

    pub(super) async fn get(&self, path: &str, bearer: Option<&str>) -> Answer {
        self.call(Method::GET, path, bearer, None).await
    }

    pub(super) async fn call(&self, method: Method, path: &str, bearer: Option<&str>, body: Option<Value>) -> Answer {
        let mut request = request(method, path, "192.0.2.1");
        if let Some(token) = bearer {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        self.send(request, body).await
    }

    pub(super) async fn send(&self, request: http::request::Builder, body: Option<Value>) -> Answer {
        let request = match body {
            Some(body) => request.header("content-type", "application/json").body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        let (parts, body) = self.app.clone().oneshot(request.unwrap()).await.unwrap().into_parts();
        let bytes = to_bytes(body, 1_000_000).await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(super) async fn register(&self, email: &str) -> Answer {
        self.post("/api/v1/auth/register", None, json!({"email": email, "password": PASSWORD})).await
    }

    pub(super) async fn login(&self, email: &str, password: &str) -> Answer {
        self.post("/api/v1/auth/login", None, json!({"email": email, "password": password})).await
    }

    /// Signs up and sets up a factor.
    pub(super) async fn enrol(&self, email: &str) -> Enrolled {
        let token = self.register(email).await.text("setup_token");
        let setup = self.post("/api/v1/2fa/setup", Some(&token), json!({})).await;
        let phone = Builder::new().with_secret(Secret::try_from_base32(setup.text("secret")).unwrap()).build().unwrap();
        let code = phone.generate(self.secs()).to_string();
        let first = self.post("/api/v1/2fa/verify", Some(&token), json!({ "code": code })).await;
        assert_eq!(first.status, StatusCode::OK, "{first:?}");
        Enrolled { phone, first }
    }

    /// A code that nobody has used, for which it waits a step.
    pub(super) fn next_code(&self, phone: &Totp) -> String {
        self.wait(30);
        phone.generate(self.secs()).to_string()
    }

    /// A whole sign-in.
    pub(super) async fn sign_in(&self, email: &str, phone: &Totp) -> Answer {
        let ticket = self.login(email, PASSWORD).await.text("ticket");
        let code = self.next_code(phone);
        let done = self.post("/api/v1/auth/login/2fa", None, json!({"ticket": ticket, "code": code})).await;
        assert_eq!(done.status, StatusCode::OK, "{done:?}");
        done
    }
}

/// A request of this client address.
pub(super) fn request(method: Method, path: &str, address: &str) -> http::request::Builder {
    let peer = SocketAddr::new(address.parse().unwrap(), 4711);
    Request::builder().method(method).uri(path).extension(ConnectInfo(peer))
}

impl Answer {
    #[track_caller]
    pub(super) fn refused(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status.as_u16(), self.body["code"].as_str().unwrap_or("")), (status, code), "{self:?}");
        assert_eq!(self.headers["content-type"], "application/problem+json", "{self:?}");
        self
    }

    #[track_caller]
    pub(super) fn text(&self, member: &str) -> String {
        self.body[member].as_str().unwrap_or_else(|| panic!("no `{member}` in {self:?}")).to_owned()
    }

    /// The session cookie as a request carries it.
    #[track_caller]
    pub(super) fn cookie(&self) -> String {
        let cookie = self.headers["set-cookie"].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }
}
