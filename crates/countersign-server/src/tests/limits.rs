use http::{Method, header::COOKIE};
use serde_json::{Value, json};

use super::rig::{ADA, Answer, PASSWORD, Rig, request};

async fn login_from(rig: &Rig, address: &str, email: &str, password: &str) -> Answer {
    let login = request(Method::POST, "/api/v1/auth/login", address);
    rig.send(login, Some(json!({"email": email, "password": password}))).await
}

#[tokio::test]
async fn an_unknown_address_and_a_wrong_password_look_alike() {
    let rig = Rig::with(&["--general-limit", "off"]).await;
    rig.enrol(ADA).await;
    let shape = |answer: Answer| {
        let mut headers: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
        headers.sort();
        (answer.status, answer.body, headers)
    };
    for _ in 0..7 {
        let known = login_from(&rig, "192.0.2.1", ADA, "wrong password").await;
        let unknown = login_from(&rig, "192.0.2.1", "eve@example.com", "wrong password").await;
        assert_eq!(shape(known), shape(unknown));
    }
    login_from(&rig, "192.0.2.1", ADA, PASSWORD).await.refused(429, "rate_limited");
    login_from(&rig, "192.0.2.1", "no address at all", PASSWORD).await.refused(401, "invalid_credentials");
}

#[tokio::test]
async fn five_wrong_passwords_close_the_account_to_that_network_alone() {
    let rig = Rig::new().await;
    rig.enrol(ADA).await;
    for spelling in [ADA, "ADA@example.com", " ada@example.com", "ada@example.com.", "Ada@Example.Com"] {
        login_from(&rig, "192.0.2.1", spelling, "wrong password").await.refused(401, "invalid_credentials");
    }
    let refused = login_from(&rig, "192.0.2.200", ADA, PASSWORD).await.refused(429, "rate_limited");
    assert_eq!(refused.headers["retry-after"], "900");
    assert_eq!(login_from(&rig, "198.51.100.1", ADA, PASSWORD).await.status, 200);
    rig.wait(900);
    assert_eq!(login_from(&rig, "192.0.2.1", ADA, PASSWORD).await.status, 200);
}

#[tokio::test]
async fn an_unknown_address_has_one_budget_whatever_its_spelling_too() {
    let rig = Rig::with(&["--login-limit", "2/15m"]).await;
    for spelling in ["eve@example.com", "EVE@example.com."] {
        login_from(&rig, "192.0.2.1", spelling, PASSWORD).await.refused(401, "invalid_credentials");
    }
    login_from(&rig, "192.0.2.1", " Eve@Example.com", PASSWORD).await.refused(429, "rate_limited");
}

#[tokio::test]
async fn fifty_over_all_networks_close_it_to_strangers_but_not_to_a_known_device() {
    let rig = Rig::with(&["--general-limit", "off", "--login-limit", "2/15m"]).await;
    let ada = rig.enrol(ADA).await;
    let ticket = rig.login(ADA, PASSWORD).await.text("ticket");
    let body = json!({"ticket": ticket, "code": rig.next_code(&ada.phone), "remember_device": true});
    let done = rig.post("/api/v1/auth/login/2fa", None, body).await;
    let cookies = done.headers.get_all("set-cookie").iter().map(|c| c.to_str().unwrap());
    let device = cookies.filter_map(|c| c.split(';').next()).find(|c| c.starts_with("countersign_device=")).unwrap();
    for network in 0..10 {
        for _ in 0..2 {
            let address = format!("198.51.{network}.1");
            login_from(&rig, &address, ADA, "wrong password").await.refused(401, "invalid_credentials");
        }
    }
    login_from(&rig, "203.0.113.1", ADA, PASSWORD).await.refused(429, "rate_limited");
    let known = |password: &str| {
        let login = request(Method::POST, "/api/v1/auth/login", "203.0.113.1").header(COOKIE, device);
        rig.send(login, Some(json!({"email": ADA, "password": password})))
    };
    assert_eq!(known(PASSWORD).await.status, 200);
    // Its own budget is one too.
    known("wrong password").await.refused(401, "invalid_credentials");
    known("wrong password").await.refused(401, "invalid_credentials");
    known(PASSWORD).await.refused(429, "rate_limited");
}

#[tokio::test]
async fn a_right_password_costs_nothing() {
    let rig = Rig::with(&["--login-limit", "2/15m"]).await;
    rig.enrol(ADA).await;
    for _ in 0..5 {
        assert_eq!(rig.login(ADA, PASSWORD).await.status, 200);
    }
    rig.login(ADA, "wrong password").await.refused(401, "invalid_credentials");
    assert_eq!(rig.login(ADA, PASSWORD).await.status, 200);
}

#[tokio::test]
async fn forwarded_addresses_are_believed_of_configured_proxies_alone() {
    let wrong = |address: &str, forwarded: &str| {
        (request(Method::POST, "/api/v1/auth/login", address).header("x-forwarded-for", forwarded), body())
    };
    fn body() -> Option<Value> {
        Some(json!({"email": ADA, "password": "wrong password"}))
    }
    let rig = Rig::with(&["--login-limit", "2/15m", "--trusted-proxies", "10.0.0.0/8"]).await;
    for n in 0..2 {
        let (request, body) = wrong("192.0.2.1", &format!("203.0.{n}.1"));
        rig.send(request, body).await.refused(401, "invalid_credentials");
    }
    let (request, body) = wrong("192.0.2.1", "203.0.9.1");
    rig.send(request, body).await.refused(429, "rate_limited");
    for n in 0..4 {
        let (request, body) = wrong("10.0.0.1", &format!("192.0.2.1, 203.0.{n}.1"));
        rig.send(request, body).await.refused(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn the_general_limit_counts_every_route() {
    let rig = Rig::with(&["--general-limit", "3/1m"]).await;
    for path in ["/healthz", "/nothing", "/api/v1/auth/me"] {
        rig.get(path, None).await;
    }
    rig.get("/healthz", None).await.refused(429, "rate_limited");
}

const TIERS: &str = "signup 2/1h: POST /api/v1/auth/register, POST /register; \
                     step-up 2/1m by user: POST /api/v1/2fa/verify, POST /api/v1/auth/password";

#[tokio::test]
async fn limits_by_route_hold_for_the_api_and_for_pages_and_say_so() {
    let rig = Rig::with(&["--limits", TIERS]).await;
    let first = rig.register(ADA).await;
    assert_eq!(first.headers["ratelimit-policy"], r#""general";q=300;w=60, "signup";q=2;w=3600"#);
    assert_eq!(first.headers["ratelimit"], r#""general";r=299;t=60, "signup";r=1;t=3600"#);
    assert_eq!(rig.register("eve@example.com").await.status, 201);
    let refused = rig.register("bob@example.com").await.refused(429, "rate_limited");
    assert_eq!(refused.headers["retry-after"], "3600");
    assert!(refused.headers["ratelimit"].to_str().unwrap().ends_with(r#", "signup";r=0;t=3600"#));
    let page = rig.send(request(Method::POST, "/register", "192.0.2.1"), None).await;
    assert_eq!(page.status, 429);
    let elsewhere = request(Method::POST, "/api/v1/auth/register", "192.0.2.2");
    let body = json!({"email": "bob@example.com", "password": PASSWORD});
    assert_eq!(rig.send(elsewhere, Some(body)).await.status, 201);
    assert_eq!(rig.login(ADA, PASSWORD).await.headers["ratelimit-policy"], r#""general";q=300;w=60"#);
}

#[tokio::test]
async fn limits_by_user_hold_from_every_address_and_by_cookie_too() {
    let rig = Rig::with(&["--limits", TIERS]).await;
    let ada = rig.enrol(ADA).await;
    let (token, cookie) = (ada.first.text("access_token"), ada.first.cookie());
    let verify = |address: &str| request(Method::POST, "/api/v1/2fa/verify", address);
    let body = || Some(json!({"code": "000000"}));
    let by_token = verify("192.0.2.7").header("authorization", format!("Bearer {token}"));
    assert_eq!(rig.send(by_token, body()).await.status, 401);
    // Another site spends nothing of hers, nor does whoever does not say where from.
    for _ in 0..3 {
        let foreign = verify("192.0.2.8").header(COOKIE, &cookie).header("origin", "https://evil.example.org");
        rig.send(foreign, body()).await.refused(403, "cross_origin");
    }
    let by_cookie = || verify("192.0.2.9").header(COOKIE, &cookie).header("origin", "http://127.0.0.1:8080");
    assert_eq!(rig.send(by_cookie(), body()).await.status, 401);
    rig.send(by_cookie(), body()).await.refused(429, "rate_limited");
    let password = rig.post("/api/v1/auth/password", Some(&token), json!({})).await;
    password.refused(429, "rate_limited");
}

#[tokio::test]
async fn a_limit_by_route_outlives_a_restart() {
    let mut rig = Rig::with(&["--limits", TIERS]).await;
    for email in [ADA, "eve@example.com"] {
        assert_eq!(rig.register(email).await.status, 201);
    }
    rig.restart().await;
    rig.register("bob@example.com").await.refused(429, "rate_limited");
}

#[tokio::test]
async fn without_limits_by_address_those_by_user_stay() {
    let rig = Rig::with(&["--limits", TIERS, "--general-limit", "off"]).await;
    for n in 0..4 {
        let made = rig.register(&format!("user-{n}@example.com")).await;
        assert_eq!((made.status.as_u16(), made.headers.get("ratelimit")), (201, None));
    }
    let token = rig.enrol(ADA).await.first.text("access_token");
    let verify = async || rig.post("/api/v1/2fa/verify", Some(&token), json!({"code": "000000"})).await;
    for _ in 0..2 {
        assert_eq!(verify().await.headers["ratelimit-policy"], r#""step-up";q=2;w=60"#);
    }
    verify().await.refused(429, "rate_limited");
}
