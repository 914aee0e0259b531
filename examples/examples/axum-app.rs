//! An axum application with users, passwords and cookies of its own, and the second factor from `countersign-axum`.
//!
//! ```text
//! cargo run -p countersign-examples --example axum-app            (walks through a sign-in by itself and ends)
//! cargo run -p countersign-examples --example axum-app -- serve   (listens on 127.0.0.1:3000)
//! ```

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::{
    collections::HashMap,
    error::Error,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::State,
    response::Response,
    routing::{get, post},
};
use axum_extra::extract::CookieJar;
use countersign::{
    Challenge, Epoch, Generator, History, Randomness, SecondFactorProof, SystemRandom, TwoFactor,
    backup_codes::{Kdf, Workspace, slow_hash::PasswordCheck},
    clock::{Clock, SystemClock},
    otp::{Secret, Totp, UnixTime},
    store::{MemoryStore, UserId},
    vault::{KeyRing, MasterKey, Vault},
};
use countersign_axum::{
    Caller, Handle, Host, Problem, Reply, Requester, SecretField, StrictJson, TwoFactorVerified, router,
};
use http::{Request, StatusCode, header::COOKIE, request::Parts};
use serde::Deserialize;
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// Everything this application knows. A real one has a database.
#[derive(Debug, Default)]
struct MyApp(Mutex<Tables>);

#[derive(Debug, Default)]
struct Tables {
    users: HashMap<String, User>,
    sessions: HashMap<String, Caller>,
}

#[derive(Clone, Debug)]
struct User {
    password: String,
    history: History,
}

impl MyApp {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn user(&self, user: &UserId) -> Result<User, Problem> {
        self.tables().users.get(user.as_str()).cloned().ok_or_else(Problem::unauthorized)
    }

    async fn password_is_right(engine: &TwoFactor, user: &User, password: &str) -> Result<bool, Problem> {
        let (stored, password) = (user.password.clone(), password.to_owned());
        let check = move |memory: &mut Workspace| Kdf::default().verify_password(&stored, memory, password.as_bytes());
        let checked = engine.hash_pool().run(check).await.map_err(|_| Problem::busy())?;
        Ok(matches!(checked.map_err(|_| Problem::unavailable())?, PasswordCheck::Right { .. }))
    }
}

/// What the second factor asks of this application.
#[async_trait]
impl Host for MyApp {
    async fn caller(&self, parts: &Parts) -> Result<Option<Caller>, Problem> {
        let cookie = CookieJar::from_headers(&parts.headers).get("my_session").map(|c| c.value().to_owned());
        Ok(cookie.and_then(|id| self.tables().sessions.get(&id).cloned()))
    }

    async fn check_password(&self, _: &Caller, _: &str, _: &Requester) -> Result<(), Problem> {
        // Asked for only where the second factor is optional: here it is not.
        Err(Problem::invalid_credentials())
    }

    async fn account_label(&self, user: &UserId) -> Result<String, Problem> {
        Ok(user.to_string())
    }

    async fn history(&self, user: &UserId) -> Result<History, Problem> {
        Ok(self.user(user)?.history)
    }

    async fn remember_enrolled(&self, user: &UserId) -> Result<(), Problem> {
        let mut tables = self.tables();
        tables.users.get_mut(user.as_str()).ok_or_else(Problem::unauthorized)?.history = History::Enrolled;
        Ok(())
    }

    async fn begin_session(
        &self,
        proof: SecondFactorProof,
        replaces: Option<&Caller>,
        _: &Requester,
    ) -> Result<Reply, Problem> {
        let mut id = [0; 32];
        SystemRandom.fill(&mut id).map_err(|_| Problem::unavailable())?;
        let session: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        let caller = Caller {
            user: proof.user().clone(),
            session: session.clone(),
            epoch: proof.epoch(),
            second_factor_at: Some(proof.at()),
        };
        let mut tables = self.tables();
        tables.sessions.retain(|id, _| replaces.is_none_or(|old| old.session != *id));
        tables.sessions.insert(session.clone(), caller);
        // Over https: with the `__Host-` prefix and `Secure`.
        Reply::default().cookie(&format!("my_session={session}; Path=/; HttpOnly; SameSite=Strict"))
    }

    async fn raise_session(&self, caller: &Caller, proof: SecondFactorProof) -> Result<Reply, Problem> {
        if let Some(session) = self.tables().sessions.get_mut(&caller.session) {
            session.second_factor_at = Some(proof.at());
        }
        Ok(Reply::default())
    }

    async fn end_other_sessions(&self, caller: &Caller, epoch: Epoch) -> Result<(), Problem> {
        let mut tables = self.tables();
        tables.sessions.retain(|id, other| other.user != caller.user || *id == caller.session);
        if let Some(session) = tables.sessions.get_mut(&caller.session) {
            session.epoch = epoch;
        }
        Ok(())
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    name: String,
    password: SecretField,
}

/// The first step of a sign-in is the application's own; it ends by asking the engine what comes next.
async fn sign_in(
    State((handle, app)): State<(Handle, Arc<MyApp>)>,
    requester: Requester,
    StrictJson(body): StrictJson<SignIn>,
) -> Result<Response, Problem> {
    let user = UserId::new(body.name).map_err(|_| Problem::invalid_credentials())?;
    // A real one hashes for unknown names too, and limits the tries: `countersign-server` shows both.
    let known = app.user(&user).map_err(|_| Problem::invalid_credentials())?;
    if !MyApp::password_is_right(handle.engine(), &known, body.password.expose_str()).await? {
        return Err(Problem::invalid_credentials());
    }
    let next = match handle.engine().after_first_factor(&user, known.history, &requester.client()).await? {
        Challenge::Ticket(ticket) => json!({ "next": "code", "ticket": ticket.token.expose_str() }),
        Challenge::SetupRequired(setup) => json!({ "next": "set-up", "ticket": setup.token.expose_str() }),
        _ => return Err(Problem::unavailable()),
    };
    Ok(Reply::default().members(&next)?.answer(StatusCode::OK))
}

#[derive(Clone)]
struct AppState(Handle, Arc<MyApp>);

impl axum::extract::FromRef<AppState> for Handle {
    fn from_ref(state: &AppState) -> Self {
        state.0.clone()
    }
}

impl axum::extract::FromRef<AppState> for (Handle, Arc<MyApp>) {
    fn from_ref(state: &AppState) -> Self {
        (state.0.clone(), Arc::clone(&state.1))
    }
}

fn build() -> Result<Router, Box<dyn Error>> {
    let key = MasterKey::generate(&mut Generator(&SystemRandom))?;
    let engine = TwoFactor::builder()
        .store(Arc::new(MemoryStore::new()))
        .vault(Arc::new(Vault::new(KeyRing::new(key))))
        .issuer("My App")
        .build()?;
    let app = Arc::new(MyApp::default());
    let password =
        Kdf::default().hash_password(&mut Workspace::new(), b"a quiet sentence", &mut Generator(&SystemRandom))?;
    app.tables().users.insert("ada".to_owned(), User { password, history: History::Never });
    // Plain HTTP on one's own machine: cookies without `Secure`.
    let handle =
        Handle::new(engine, Arc::clone(&app) as Arc<dyn Host>, Arc::new(SystemClock::new())).secure_cookies(false);
    Ok(Router::new()
        .route("/login", post(sign_in))
        .route(
            "/letters",
            get(async |TwoFactorVerified(caller): TwoFactorVerified| format!("Letters for {}", caller.user)),
        )
        .merge(router::<AppState>())
        .with_state(AppState(handle, app)))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let app = build()?;
    if std::env::args().any(|argument| argument == "serve") {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
        println!("http://127.0.0.1:3000, for the user ada with the password \"a quiet sentence\"");
        return Ok(axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?);
    }
    let call =
        async |path: &str, header: (&str, String), body: Value| -> Result<(Option<String>, Value), Box<dyn Error>> {
            let request = Request::post(path).header("content-type", "application/json").header(header.0, header.1);
            let response = app.clone().oneshot(request.body(Body::from(body.to_string()))?).await?;
            println!("POST {path}: {}", response.status());
            let cookie = response.headers().get("set-cookie").and_then(|c| c.to_str().ok()).map(str::to_owned);
            Ok((cookie, serde_json::from_slice(&to_bytes(response.into_body(), 100_000).await?)?))
        };
    let password = json!({ "name": "ada", "password": "a quiet sentence" });
    let (_, first) = call("/login", ("x-walk", "1".into()), password.clone()).await?;
    let bearer = format!("Bearer {}", first["ticket"].as_str().unwrap_or_default());
    let (_, setup) = call("/2fa/setup", ("authorization", bearer.clone()), json!({})).await?;
    let phone = Totp::new(Secret::from_base32(setup["secret"].as_str().unwrap_or_default())?);
    let now = SystemClock::new().now().ok_or("no clock")?.as_secs();
    let code = phone.code_at(UnixTime::from_secs(now)).to_string();
    call("/2fa/verify", ("authorization", bearer), json!({ "code": code })).await?;

    let (_, second) = call("/login", ("x-walk", "2".into()), password).await?;
    let code = phone.code_at(UnixTime::from_secs(now + 30)).to_string();
    let answer = json!({ "ticket": second["ticket"], "code": code });
    let (cookie, _) = call("/login/2fa", ("x-walk", "3".into()), answer).await?;
    let cookie = cookie.ok_or("no session")?;
    let letters = Request::get("/letters").header(COOKIE, cookie.split(';').next().unwrap_or_default());
    let response = app.oneshot(letters.body(Body::empty())?).await?;
    let text = String::from_utf8(to_bytes(response.into_body(), 1000).await?.to_vec())?;
    println!("GET /letters: {text}");
    if text == "Letters for ada" { Ok(()) } else { Err("the letters should have come".into()) }
}
