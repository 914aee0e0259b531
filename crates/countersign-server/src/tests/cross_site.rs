use http::{Method, header::COOKIE};
use serde_json::json;

use super::rig::{ADA, PASSWORD, Rig, request};

const LOGOUT: &str = "/api/v1/auth/logout";

#[tokio::test]
async fn a_request_with_a_cookie_says_where_it_comes_from() {
    let rig = Rig::new().await;
    let cookie = rig.enrol(ADA).await.first.cookie();
    let logout = || request(Method::POST, LOGOUT, "192.0.2.1").header(COOKIE, &cookie);
    rig.send(logout(), None).await.refused(403, "cross_origin");
    rig.send(logout().header("origin", "https://evil.example.org"), None).await.refused(403, "cross_origin");
    rig.send(logout().header("origin", "null"), None).await.refused(403, "cross_origin");
    rig.send(logout().header("sec-fetch-site", "cross-site"), None).await.refused(403, "cross_origin");
    rig.send(logout().header("sec-fetch-site", "same-site"), None).await.refused(403, "cross_origin");
    let out = rig.send(logout().header("origin", "http://127.0.0.1:8080"), None).await;
    assert_eq!(out.status, 204);
}

#[tokio::test]
async fn nobody_is_signed_in_from_another_site() {
    let rig = Rig::new().await;
    rig.enrol(ADA).await;
    let login = request(Method::POST, "/api/v1/auth/login", "192.0.2.1").header("origin", "https://evil.example.org");
    rig.send(login, Some(json!({"email": ADA, "password": PASSWORD}))).await.refused(403, "cross_origin");
}

#[tokio::test]
async fn over_https_cookies_are_bound_to_the_host_and_hsts_is_said() {
    let rig = Rig::with(&["--public-url", "https://login.example.com"]).await;
    let first = rig.enrol(ADA).await.first;
    let cookie = first.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-countersign_session=") && cookie.contains("; Secure"), "{cookie}");
    assert!(first.headers["strict-transport-security"].to_str().unwrap().starts_with("max-age=31536000"));
    let logout = request(Method::POST, LOGOUT, "192.0.2.1")
        .header(COOKIE, first.cookie())
        .header("origin", "https://login.example.com");
    assert_eq!(rig.send(logout, None).await.status, 204);
}
