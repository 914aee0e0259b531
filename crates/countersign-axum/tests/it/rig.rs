use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
};
use countersign::{
    Challenge, Client, Policy, PolicyBuilder, TwoFactor,
    backup_codes::{Kdf, Settings},
    clock::{Clock, ManualClock, Timestamp},
    store::{MemoryStore, UserId},
    vault::{KeyRing, MasterKey, Vault},
};
use countersign_axum::{Handle, Host, router};
use http::{HeaderMap, Method, Request, StatusCode, header::AUTHORIZATION};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::{host::TestHost, phone::Phone};

/// The router, and everything behind it within reach.
pub(crate) struct Rig {
    pub(crate) app: Router,
    pub(crate) handle: Handle,
    pub(crate) host: Arc<TestHost>,
    pub(crate) clock: ManualClock,
    pub(crate) user: UserId,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

/// What a request is signed in by.
#[derive(Clone, Copy)]
pub(crate) enum By<'a> {
    Nobody,
    Session(&'a str),
    Bearer(&'a str),
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::with(|policy| policy)
    }

    pub(crate) fn with(policy: impl FnOnce(PolicyBuilder) -> PolicyBuilder) -> Self {
        // Backup codes hashed so quickly that a test can have many.
        let quick = Settings::new().kdf(Kdf::danger_parse("$argon2id$v=19$m=64,t=1,p=1").unwrap());
        let key = MasterKey::from_hex("8f1d0c5b7a3e92d46b0f5e8a1c7d3b29e4f6081a2c9d7b5e3f1a0c8d6b4e2f19").unwrap();
        let clock = ManualClock::at(Timestamp::from_secs(1_767_225_600));
        let engine = TwoFactor::builder()
            .store(Arc::new(MemoryStore::new()))
            .vault(Arc::new(Vault::new(KeyRing::new(key))))
            .clock(Arc::new(clock.clone()))
            .policy(policy(Policy::builder().backup_codes(quick)).build().unwrap())
            .issuer("Test")
            .build()
            .unwrap();
        let host = Arc::new(TestHost::default());
        let handle = Handle::new(engine, Arc::clone(&host) as Arc<dyn Host>, Arc::new(clock.clone()));
        let app = router::<Handle>().with_state(handle.clone());
        Self { app, handle, host, clock, user: UserId::new("user-1").unwrap() }
    }

    pub(crate) fn secs(&self) -> u64 {
        self.clock.now().unwrap().as_secs()
    }

    /// Waits for the next step, so that there is a code nobody has used.
    pub(crate) fn next_step(&self) -> u64 {
        self.clock.advance(Duration::from_secs(30));
        self.secs()
    }

    pub(crate) async fn post(&self, path: &str, by: By<'_>, body: Value) -> Answer {
        self.call(Method::POST, path, by, Some(body)).await
    }

    pub(crate) async fn get(&self, path: &str, by: By<'_>) -> Answer {
        self.call(Method::GET, path, by, None).await
    }

    pub(crate) async fn call(&self, method: Method, path: &str, by: By<'_>, body: Option<Value>) -> Answer {
        let peer: SocketAddr = ([192, 0, 2, 1], 4711).into();
        let mut request = Request::builder().method(method).uri(path).extension(ConnectInfo(peer));
        request = match by {
            By::Nobody => request,
            By::Session(name) => request.header("x-session", name),
            By::Bearer(token) => request.header(AUTHORIZATION, format!("Bearer {token}")),
        };
        let request = match body {
            Some(body) => request.header("content-type", "application/json").body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        answer(&self.app, request.unwrap()).await
    }

    /// What a right password leads to where nothing is set up yet.
    pub(crate) async fn setup_token(&self) -> String {
        match self.handle.engine().after_first_factor(&self.user, self.history(), &Client::default()).await.unwrap() {
            Challenge::SetupRequired(ticket) => ticket.token.expose_str().to_owned(),
            other => panic!("{other:?}"),
        }
    }

    /// What a right password leads to where a factor is live.
    pub(crate) async fn ticket(&self) -> String {
        match self.handle.engine().after_first_factor(&self.user, self.history(), &Client::default()).await.unwrap() {
            Challenge::Ticket(ticket) => ticket.token.expose_str().to_owned(),
            other => panic!("{other:?}"),
        }
    }

    /// Sets up a factor by a set-up token. Gives the phone, the session and the backup codes.
    pub(crate) async fn enrol(&self) -> (Phone, String, Vec<String>) {
        let token = self.setup_token().await;
        let setup = self.post("/2fa/setup", By::Bearer(&token), json!({})).await;
        let phone = Phone::scan(&setup.ok().body);
        let code = phone.code(self.secs());
        let enabled = self.post("/2fa/verify", By::Bearer(&token), json!({ "code": code })).await;
        let enabled = enabled.ok();
        let codes =
            enabled.body["backup_codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned());
        (phone, enabled.text("session"), codes.collect())
    }

    fn history(&self) -> countersign::History {
        if self.host.rooms().enrolled { countersign::History::Enrolled } else { countersign::History::Never }
    }
}

impl Answer {
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.status, StatusCode::OK, "{self:?}");
        assert_eq!(self.headers["cache-control"], "no-store", "{self:?}");
        self
    }

    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status.as_u16(), self.body["code"].as_str().unwrap_or("")), (status, code), "{self:?}");
        assert_eq!(self.headers["content-type"], "application/problem+json", "{self:?}");
        self
    }

    #[track_caller]
    pub(crate) fn text(&self, member: &str) -> String {
        self.body[member].as_str().unwrap_or_else(|| panic!("no `{member}` in {self:?}")).to_owned()
    }
}

pub(crate) async fn answer(app: &Router, request: Request<Body>) -> Answer {
    let response = app.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, 1_000_000).await.unwrap();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Answer { status: parts.status, headers: parts.headers, body }
}
