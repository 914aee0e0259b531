use axum::body::Body;
use http::Method;
use serde_json::json;
use tower::ServiceExt as _;

use super::rig::{Rig, request};

#[tokio::test]
async fn what_is_not_there_is_a_problem_too() {
    let rig = Rig::new().await;
    for path in
        ["/nothing", "/api/v1/auth/Login", "/api/v1/auth/login/", "//api/v1/auth/login", "/api/v1/auth/%6cogin%20"]
    {
        rig.post(path, None, json!({})).await.refused(404, "not_found");
    }
    let wrong = rig.get("/api/v1/auth/login?email=ada@example.com&password=x", None).await;
    let wrong = wrong.refused(405, "method_not_allowed");
    assert_eq!(wrong.headers["allow"], "POST");
    assert!(!wrong.body.to_string().contains("example.com"));
    rig.call(Method::PUT, "/healthz", None, None).await.refused(405, "method_not_allowed");
}

#[tokio::test]
async fn a_body_that_says_it_is_too_large_is_not_read() {
    let rig = Rig::new().await;
    let large = json!({"email": "a".repeat(70_000), "password": "x"});
    rig.post("/api/v1/auth/login", None, large.clone()).await.refused(413, "body_too_large");
    // Also where nobody is signed in, and where its length is not said.
    let said = request(Method::POST, "/api/v1/2fa/disable", "192.0.2.1").header("content-length", "70000");
    rig.send(said, Some(json!({}))).await.refused(413, "body_too_large");
}

#[tokio::test]
async fn every_answer_is_hardened_and_has_an_id_of_our_own() {
    let rig = Rig::new().await;
    for path in ["/healthz", "/docs", "/nothing", "/api/v1/auth/me"] {
        let asked = request(Method::GET, path, "192.0.2.1").header("x-request-id", "mine\tand yours");
        let answer = rig.send(asked, None).await;
        assert!(uuid::Uuid::try_parse(answer.headers["x-request-id"].to_str().unwrap()).is_ok());
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        for needed in ["script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"] {
            assert!(policy.contains(needed), "{policy}");
        }
        assert!(answer.headers["permissions-policy"].to_str().unwrap().contains("camera=()"));
        for (name, value) in [
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-embedder-policy", "require-corp"),
            ("cross-origin-resource-policy", "same-origin"),
            ("origin-agent-cluster", "?1"),
            ("x-permitted-cross-domain-policies", "none"),
            ("x-dns-prefetch-control", "off"),
            ("x-download-options", "noopen"),
            ("x-xss-protection", "0"),
        ] {
            assert_eq!(answer.headers[name], value, "{path}: {name}");
        }
        assert!(!answer.headers.contains_key("strict-transport-security"));
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
    }
}

#[tokio::test]
async fn the_docs_bring_everything_themselves() {
    let rig = Rig::new().await;
    let page = rig.app.clone().oneshot(request(Method::GET, "/docs", "192.0.2.1").body(Body::empty()).unwrap()).await;
    let page = axum::body::to_bytes(page.unwrap().into_body(), 1_000_000).await.unwrap();
    let page = String::from_utf8(page.to_vec()).unwrap();
    assert!(page.contains("<code>POST /api/v1/auth/login/2fa</code>"), "{page}");
    // A body that takes one of two forms is shown with the fields of both.
    assert!(page.contains("<code>backup_code</code> (optional)") && page.contains("<code>ticket</code>,"), "{page}");
    assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"), "{page}");
    let description = rig.get("/openapi.json", None).await;
    assert!(description.body["paths"]["/api/v1/2fa/setup"]["post"].is_object());
    assert_eq!(rig.get("/readyz", None).await.body["status"], "ready");
}

#[tokio::test]
async fn a_secret_in_a_query_changes_nothing_and_is_not_said_again() {
    let rig = Rig::with(&["--general-limit", "off"]).await;
    let description = rig.get("/openapi.json", None).await.body;
    let mut asked = 0;
    for (path, methods) in description["paths"].as_object().unwrap() {
        if methods.get("get").is_some() {
            continue;
        }
        let path = path.replace("{factor_id}", &"0".repeat(32)).replace("{id}", "0190b0a0-0000-7000-8000-000000000000");
        for method in [Method::GET, Method::HEAD] {
            let query = format!("{path}?email=ada@example.com&code=123456&backup_code=AAAA-BBBB-CCCC-DDDD");
            let answer = rig.call(method, &query, None, None).await;
            assert_eq!(answer.status, 405, "{path}");
            assert!(answer.headers.contains_key("allow") && !answer.body.to_string().contains("123456"), "{answer:?}");
            asked += 1;
        }
    }
    assert_eq!(asked, 2 * 13);
}
