//! The pages, with a clock that is moved by hand; the browser's own view of them is in the end-to-end tests.

use std::collections::BTreeMap;

use axum::body::{Body, to_bytes};
use http::{
    Method, StatusCode,
    header::{CONTENT_TYPE, COOKIE, LOCATION, ORIGIN, SET_COOKIE},
};
use tower::ServiceExt as _;

use super::rig::{PASSWORD, Rig, request};

/// A browser: it keeps cookies and nothing else.
#[derive(Clone, Default)]
struct Visitor {
    cookies: BTreeMap<String, String>,
}

impl Visitor {
    async fn send(&mut self, rig: &Rig, method: Method, path: &str, body: String) -> (StatusCode, String, String) {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request(method, path, "192.0.2.1")
            .header(COOKIE, cookies.join("; "))
            .header(ORIGIN, "https://auth.example.com")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body));
        let (parts, body) = rig.app.clone().oneshot(request.unwrap()).await.unwrap().into_parts();
        for cookie in parts.headers.get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            assert!(
                cookie.starts_with("__Host-") && cookie.contains("; Secure") && cookie.contains("; HttpOnly"),
                "{cookie}"
            );
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.ends_with("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let to = parts.headers.get(LOCATION).map_or("", |to| to.to_str().unwrap()).to_owned();
        (parts.status, to, String::from_utf8(to_bytes(body, 100_000).await.unwrap().to_vec()).unwrap())
    }

    async fn open(&mut self, rig: &Rig, path: &str) -> String {
        self.send(rig, Method::GET, path, String::new()).await.2
    }

    /// Sends the form on a page, and says where that leads.
    async fn submit(&mut self, rig: &Rig, page: &str, fields: &str) -> (StatusCode, String) {
        let html = self.open(rig, page).await;
        let token = html.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let (status, to, _) = self.send(rig, Method::POST, page, format!("token={token}&{fields}")).await;
        (status, to)
    }

    async fn register(&mut self, rig: &Rig, name: &str) {
        let fields = format!("email={name}%40example.com&password={PASSWORD}");
        assert_eq!(self.submit(rig, "/register", &fields).await, (StatusCode::SEE_OTHER, "/setup".to_owned()));
    }
}

async fn rig() -> Rig {
    Rig::with(&["--public-url", "https://auth.example.com"]).await
}

const SHOWN: &str = "id=\"qr\"";
const ENROLMENT: &str = "__Host-countersign_enrolment";

#[tokio::test]
async fn a_secret_waits_a_minute_for_its_page_and_is_shown_once() {
    let rig = rig().await;
    let mut ada = Visitor::default();
    ada.register(&rig, "ada").await;
    let mut late = ada.clone();
    assert!(ada.open(&rig, "/setup").await.contains(SHOWN));
    assert!(!ada.open(&rig, "/setup").await.contains(SHOWN));
    rig.wait(60);
    assert!(late.clone().open(&rig, "/setup").await.contains(SHOWN));
    rig.wait(1);
    let page = late.open(&rig, "/setup").await;
    assert!(!page.contains(SHOWN) && page.contains("id=\"code\""), "the set-up itself goes on");
}

#[tokio::test]
async fn a_secret_opens_for_its_own_account_alone() {
    let rig = rig().await;
    let (mut ada, mut bob) = (Visitor::default(), Visitor::default());
    ada.register(&rig, "ada").await;
    bob.register(&rig, "bob").await;
    let of_bob = bob.cookies[ENROLMENT].clone();
    ada.cookies.insert(ENROLMENT.to_owned(), of_bob);
    assert!(!ada.open(&rig, "/setup").await.contains(SHOWN));
    assert!(bob.open(&rig, "/setup").await.contains(SHOWN));
}

#[tokio::test]
async fn a_form_made_before_a_session_is_no_good_in_it() {
    let rig = Rig::with(&["--public-url", "https://auth.example.com", "--require-2fa", "false"]).await;
    let mut ada = Visitor::default();
    let before = ada.open(&rig, "/register").await;
    let token = before.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let fields = format!("email=ada%40example.com&password={PASSWORD}");
    assert_eq!(ada.submit(&rig, "/register", &fields).await, (StatusCode::SEE_OTHER, "/account".to_owned()));
    let turn = format!("token={token}&turn=on&password={PASSWORD}");
    assert_eq!(ada.send(&rig, Method::POST, "/account/two-factor", turn).await.0, StatusCode::FORBIDDEN);
    let turned = ada.submit(&rig, "/account/two-factor", &format!("turn=on&password={PASSWORD}")).await;
    assert_eq!(turned, (StatusCode::SEE_OTHER, "/setup".to_owned()));
}
