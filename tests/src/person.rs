//! Somebody with an account, a live factor and a session.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    client::{Answer, Client, PASSWORD},
    phone::Phone,
};

/// The name of the session cookie over plain HTTP.
pub const SESSION_COOKIE: &str = "countersign_session";

/// The name of a known device's cookie over plain HTTP.
pub const DEVICE_COOKIE: &str = "countersign_device";

/// Somebody with an account, a live factor and a session.
#[derive(Debug)]
pub struct Person {
    /// Their browser.
    pub client: Client,
    /// The address they sign in with.
    pub email: String,
    /// Their authenticator.
    pub phone: Phone,
    /// Their backup codes, as they were shown.
    pub backup_codes: Vec<String>,
    /// How many of those they have used.
    pub used: usize,
    /// What the confirmation of the factor gave them.
    pub session: Session,
}

/// What somebody is signed in by.
#[derive(Clone, Debug)]
pub struct Session {
    /// Access token.
    pub access: String,
    /// Refresh token.
    pub refresh: String,
    /// Session cookie, as `name=value`.
    pub cookie: String,
}

impl Session {
    /// What an answer gives somebody to be signed in by.
    #[track_caller]
    pub fn of(answer: &Answer) -> Self {
        assert!(answer.status.is_success(), "{answer:?}");
        Self {
            access: answer.text("access_token"),
            refresh: answer.text("refresh_token"),
            cookie: answer.cookie(SESSION_COOKIE).unwrap_or_else(|| panic!("no cookie in {answer:?}")).to_owned(),
        }
    }

    /// Whether it opens anything: by its access token and by its cookie, which have to agree.
    pub async fn is_alive(&self, client: &Client) -> bool {
        let by_token = client.get("/auth/me", Some(&self.access)).await.status;
        let by_cookie = client.ask(Method::GET, "/api/v1/auth/me").cookie(&self.cookie).send().await.status;
        assert_eq!(by_token, by_cookie, "access token and cookie of one session");
        assert!([StatusCode::OK, StatusCode::UNAUTHORIZED].contains(&by_token), "{by_token}");
        by_token == StatusCode::OK
    }

    /// Asserts that neither its access token, nor its cookie, nor its refresh token is good for anything.
    pub async fn assert_ended(&self, client: &Client) {
        assert!(!self.is_alive(client).await, "a session that should have ended");
        let refreshed = client.refresh(&self.refresh).await;
        assert_eq!(refreshed.status, StatusCode::UNAUTHORIZED, "{refreshed:?}");
    }
}

impl Person {
    /// Signs up and sets the second factor up, as anybody would, whether it is mandatory or not.
    pub async fn enrol(client: Client, email: &str) -> Self {
        let registered =
            client.post("/auth/register", None, json!({"email": email, "password": PASSWORD})).await.done();
        let (token, body) = match registered.body["setup_token"].as_str() {
            Some(token) => (token.to_owned(), json!({})),
            None => (registered.text("access_token"), json!({"password": PASSWORD})),
        };
        let setup = client.post("/2fa/setup", Some(&token), body).await.done();
        let mut phone = Phone::typed(&setup.text("secret"), 6);
        let code = phone.code().await;
        let enabled = client.post("/2fa/verify", Some(&token), json!({"code": code})).await;
        assert_eq!((enabled.status, &enabled.body["status"]), (StatusCode::OK, &json!("enabled")), "{enabled:?}");
        let backup_codes = backup_codes(&enabled);
        let session = Session::of(&enabled);
        Self { client, email: email.to_owned(), phone, backup_codes, used: 0, session }
    }

    /// Shows the password and gets a ticket.
    pub async fn ticket(&self) -> String {
        self.client.ticket(&self.email).await
    }

    /// The next backup code they have not used.
    pub fn backup_code(&mut self) -> String {
        self.used += 1;
        self.backup_codes[self.used - 1].clone()
    }

    /// Signs in with a code.
    pub async fn sign_in(&mut self) -> Session {
        let (ticket, code) = (self.ticket().await, self.phone.code().await);
        Session::of(&self.client.second_step(&ticket, &code).await)
    }

    /// Signs in with a backup code, for which nobody has to wait.
    pub async fn sign_in_by_backup_code(&mut self) -> Session {
        let (ticket, code) = (self.ticket().await, self.backup_code());
        Session::of(&self.client.second_step_by_backup_code(&ticket, &code).await)
    }

    /// Signs in with a code and becomes a known device, whose cookie this is.
    pub async fn become_known(&mut self) -> String {
        let (ticket, code) = (self.ticket().await, self.phone.code().await);
        let body = json!({"ticket": ticket, "code": code, "remember_device": true});
        let answer = self.client.post("/auth/login/2fa", None, body).await.done();
        answer.cookie(DEVICE_COOKIE).unwrap_or_else(|| panic!("no device in {answer:?}")).to_owned()
    }

    /// Gives five wrong codes, which spends the account's budget for strangers.
    pub async fn spend_the_budget(&self) {
        let ticket = self.ticket().await;
        for left in (0..5).rev() {
            let refusal = self.client.second_step(&ticket, &self.phone.wrong()).await;
            refusal.refused(401, "invalid_code");
            assert_eq!(refusal.body["attempts_left"], left, "{refusal:?}");
        }
    }

    /// A `GET` below `/api/v1` in their first session.
    pub async fn get(&self, path: &str) -> Answer {
        self.client.get(path, Some(&self.session.access)).await
    }

    /// A `POST` below `/api/v1` in their first session.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.client.post(path, Some(&self.session.access), body).await
    }
}

/// The ten backup codes that an answer shows.
#[track_caller]
pub fn backup_codes(answer: &Answer) -> Vec<String> {
    let codes = answer.body["backup_codes"].as_array().unwrap_or_else(|| panic!("no backup codes in {answer:?}"));
    let codes: Vec<_> = codes.iter().map(|code| code.as_str().expect("text").to_owned()).collect();
    assert_eq!(codes.len(), 10);
    codes
}
