use http::{HeaderMap, Method, header::COOKIE};
use serde_json::json;

use super::rig::{ADA, Answer, PASSWORD, Rig, request};

const APP: &str = "https://app.example.com";
const EVIL: &str = "https://evil.example.org";
const LOGIN: &str = "/api/v1/auth/login";
const LOGOUT: &str = "/api/v1/auth/logout";
const ME: &str = "/api/v1/auth/me";

async fn rig() -> Rig {
    Rig::with(&["--cors-origins", "https://APP.example.com, http://127.0.0.1:8080"]).await
}

async fn asked(rig: &Rig, path: &str, origin: &str) -> Answer {
    let asked = request(Method::OPTIONS, path, "192.0.2.1").header("origin", origin);
    let asked = asked.header("access-control-request-method", "POST");
    rig.send(asked.header("access-control-request-headers", "authorization,content-type"), None).await
}

fn said<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn without_the_setting_no_other_origin_reads_anything() {
    let rig = Rig::new().await;
    for answer in [
        asked(&rig, LOGIN, APP).await,
        rig.send(request(Method::GET, ME, "192.0.2.1").header("origin", APP), None).await,
        rig.send(request(Method::POST, LOGIN, "192.0.2.1").header("origin", APP), Some(json!({}))).await,
    ] {
        assert!(answer.status.is_client_error(), "{answer:?}");
        assert!(!answer.headers.keys().any(|name| name.as_str().starts_with("access-control-")), "{answer:?}");
    }
}

#[tokio::test]
async fn an_origin_that_is_named_is_told_what_it_may_ask_and_never_with_cookies() {
    let rig = rig().await;
    let yes = asked(&rig, LOGIN, APP).await;
    assert_eq!(yes.status, 200);
    assert_eq!(said(&yes.headers, "access-control-allow-origin"), APP);
    assert_eq!(said(&yes.headers, "access-control-allow-methods"), "GET,POST,PATCH,DELETE");
    assert_eq!(said(&yes.headers, "access-control-allow-headers"), "authorization,content-type");
    assert_eq!(said(&yes.headers, "access-control-max-age"), "600");
    assert!(said(&yes.headers, "vary").contains("origin"));
    for answer in [asked(&rig, LOGIN, EVIL).await, asked(&rig, "/login", APP).await, asked(&rig, LOGIN, "null").await] {
        assert!(!answer.headers.contains_key("access-control-allow-origin"), "{answer:?}");
    }
    assert!(!yes.headers.contains_key("access-control-allow-credentials"));
}

#[tokio::test]
async fn its_pages_sign_in_and_go_on_with_tokens() {
    let rig = rig().await;
    let ada = rig.enrol(ADA).await;
    let from_app = |method, path| request(method, path, "192.0.2.1").header("origin", APP);
    let login = from_app(Method::POST, LOGIN).header("sec-fetch-site", "cross-site");
    let ticket = rig.send(login, Some(json!({"email": ADA, "password": PASSWORD}))).await.text("ticket");
    let body = json!({"ticket": ticket, "code": rig.next_code(&ada.phone), "remember_device": true});
    let done = rig.send(from_app(Method::POST, "/api/v1/auth/login/2fa"), Some(body)).await;
    assert_eq!(said(&done.headers, "access-control-allow-origin"), APP);
    assert!(said(&done.headers, "access-control-expose-headers").contains("retry-after"));
    assert!(!done.headers.contains_key("set-cookie"), "{done:?}");
    let bearer = format!("Bearer {}", done.text("access_token"));
    let me = rig.send(from_app(Method::GET, ME).header("authorization", &bearer), None).await;
    assert_eq!((me.status.as_u16(), said(&me.headers, "access-control-allow-origin")), (200, APP));
    let out = rig.send(from_app(Method::POST, LOGOUT).header("authorization", &bearer), None).await;
    assert_eq!(out.status, 204, "{out:?}");
    let again = rig.send(from_app(Method::GET, ME).header("authorization", bearer), None).await;
    assert_eq!(said(&again.refused(401, "unauthorized").headers, "access-control-allow-origin"), APP);
}

#[tokio::test]
async fn a_cookie_that_it_sends_changes_nothing_and_no_form_of_its_is_taken() {
    let rig = rig().await;
    let cookie = rig.enrol(ADA).await.first.cookie();
    for site in ["same-site", "cross-site"] {
        let out = request(Method::POST, LOGOUT, "192.0.2.1").header(COOKIE, &cookie).header("origin", APP);
        rig.send(out.header("sec-fetch-site", site), None).await.refused(403, "cross_origin");
    }
    for page in ["/login", "/logout", "/register"] {
        rig.send(request(Method::POST, page, "192.0.2.1").header("origin", APP), None)
            .await
            .refused(403, "cross_origin");
    }
    let evil = request(Method::POST, LOGIN, "192.0.2.1").header("origin", EVIL);
    let evil = rig.send(evil, Some(json!({"email": ADA, "password": PASSWORD}))).await.refused(403, "cross_origin");
    assert!(!evil.headers.contains_key("access-control-allow-origin"));
    // The server's own origin is none of the others, whatever the setting says.
    let own =
        request(Method::POST, LOGOUT, "192.0.2.1").header(COOKIE, &cookie).header("origin", "http://127.0.0.1:8080");
    assert_eq!(rig.send(own, None).await.status, 204);
}

#[tokio::test]
async fn that_it_is_to_wait_can_be_read_too() {
    let rig = Rig::with(&["--cors-origins", APP, "--general-limit", "1/1m"]).await;
    let me = async || rig.send(request(Method::GET, ME, "192.0.2.1").header("origin", APP), None).await;
    me().await.refused(401, "unauthorized");
    assert_eq!(said(&me().await.refused(429, "rate_limited").headers, "access-control-allow-origin"), APP);
}
