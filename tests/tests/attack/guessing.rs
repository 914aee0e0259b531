//! D-28 to D-35: guessing.

use countersign_tests::{client::PASSWORD, deployment::PROXY};
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpSocket,
};

use crate::case::Case;

const WRONG: &str = "a wrong but long password";

pub(crate) async fn d_28_budget(case: &Case) {
    let mut ada = case.enrol("ada").await;
    ada.spend_the_budget().await;
    let right = ada.phone.lasting_code().await;
    let elsewhere = case.client_elsewhere(1).with("user-agent", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0");
    for client in [&ada.client, &elsewhere, &case.client_elsewhere(2)] {
        let ticket = client.ticket(&ada.email).await;
        let refusal = client.second_step(&ticket, &right).await;
        let wait = refusal.refused(429, "rate_limited").body["retry_after"].as_u64().expect("seconds");
        assert!((600..=900).contains(&wait), "{wait}");
        // The right one is told apart from a wrong one by nothing.
        let wrong = client.second_step(&ticket, &ada.phone.wrong()).await;
        assert_eq!(wrong.refused(429, "rate_limited").body["title"], refusal.body["title"]);
        assert_eq!(wrong.body["detail"], refusal.body["detail"]);
    }
    // Nor do other doors for codes look at it.
    ada.post("/2fa/verify", json!({"code": right})).await.refused(429, "rate_limited");
    ada.post("/2fa/backup-codes/regenerate", json!({"code": right})).await.refused(429, "rate_limited");
    ada.post("/2fa/setup", json!({"code": right})).await.refused(429, "rate_limited");
    // It was not used up either, as nobody looked at it: an operator's unlocking is none, so all there is left is a wait.
    let status = ada.get("/2fa/status").await.done();
    assert_eq!(status.body["backup_codes_left"], 10);
}

pub(crate) async fn d_30_alias_keys(case: &Case) {
    let ada = case.enrol("ada").await;
    let (local, domain) = ada.email.split_once('@').expect("an address");
    let spellings = [
        ada.email.to_uppercase(),
        format!("{local}@{}", domain.to_uppercase()),
        format!(" {} ", ada.email),
        format!("{}.", ada.email),
        format!("{}@{domain}", local.to_uppercase()),
    ];
    for email in &spellings {
        ada.client.login(email, WRONG).await.refused(401, "invalid_credentials");
    }
    for email in spellings.iter().chain([&ada.email]) {
        ada.client.login(email, PASSWORD).await.refused(429, "rate_limited");
    }
    // Other spellings do not reach the account at all, so they try nobody's password.
    for email in [
        format!("{}\t", ada.email),
        format!("{local}%20@{domain}"),
        format!("{local}%40{domain}"),
        format!("\u{ff41}{}", &ada.email[1..]),
        format!("\u{430}{}", &ada.email[1..]),
        format!("\"{local}\"@{domain}"),
        format!("{local}@{domain}\u{0}"),
        format!("{local}+x@{domain}"),
    ] {
        ada.client.login(&email, PASSWORD).await.refused(401, "invalid_credentials");
    }
    // Nor does an account under another spelling.
    for email in &spellings {
        let body = json!({"email": email, "password": PASSWORD});
        ada.client.post("/auth/register", None, body).await.refused(409, "user_exists");
    }
    // The budget for codes is the account's, whatever it was called at the first step.
    let elsewhere = case.client_elsewhere(1);
    for email in &spellings {
        let ticket = elsewhere.ticket(email).await;
        elsewhere.second_step(&ticket, &ada.phone.wrong()).await.refused(401, "invalid_code");
    }
    let ticket = elsewhere.ticket(&ada.email).await;
    elsewhere.second_step(&ticket, &ada.phone.present_code()).await.refused(429, "rate_limited");
}

pub(crate) async fn d_31_header_rotation(case: &Case) {
    let ada = case.enrol("ada").await;
    for _ in 0..5 {
        ada.client.login(&ada.email, WRONG).await.refused(401, "invalid_credentials");
    }
    // A thousand claims to be somebody else, of a peer that nobody trusts.
    for n in 0..250_u32 {
        let address = format!("203.0.{}.{}", n / 4, n % 4 * 60 + 1);
        for (name, value) in [
            ("x-forwarded-for", address.clone()),
            ("forwarded", format!("for={address}")),
            ("x-real-ip", address.clone()),
            ("cf-connecting-ip", address.clone()),
        ] {
            let client = ada.client.with(name, &value);
            client.login(&ada.email, PASSWORD).await.refused(429, "rate_limited");
        }
    }
    // Of a proxy that is trusted: the right-most hop that is none is the client.
    let bob = case.enrol("bob").await;
    let proxy = bob.client.at(PROXY);
    let from = |hops: &str| proxy.with("x-forwarded-for", hops);
    for n in 0..5 {
        let client = from(&format!("198.51.100.{n}, 203.0.113.{n}"));
        client.login(&bob.email, WRONG).await.refused(401, "invalid_credentials");
    }
    let refused = async |hops: &str| {
        from(hops).login(&bob.email, PASSWORD).await.refused(429, "rate_limited");
    };
    let open = async |hops: &str| {
        from(hops).login(&bob.email, PASSWORD).await.done();
    };
    refused("203.0.113.200").await;
    refused("198.51.100.7, 203.0.113.77").await;
    refused(&format!("203.0.113.9, {PROXY}")).await;
    refused("203.0.113.9:4711").await;
    refused("::ffff:203.0.113.10").await;
    open("203.0.113.5, 198.51.100.1").await;
    open("2001:db8:0:1::1").await;
    // IPv6 is counted by /64.
    for n in 0..5 {
        let client = from(&format!("2001:db8:0:1:{n}::{n}"));
        client.login(&bob.email, WRONG).await.refused(401, "invalid_credentials");
    }
    refused("2001:db8:0:1:ffff:ffff:ffff:ffff").await;
    refused("[2001:db8:0:1::9]:4711").await;
    open("2001:db8:0:2::1").await;
}

pub(crate) async fn d_32_path_and_method_spelling(case: &Case) {
    let ada = case.enrol("ada").await;
    for _ in 0..5 {
        ada.client.login(&ada.email, WRONG).await.refused(401, "invalid_credentials");
    }
    let body = json!({"email": ada.email, "password": PASSWORD});
    for path in [
        "/api/v1/auth/Login",
        "/API/v1/auth/login",
        "//api/v1/auth/login",
        "/api/v1//auth/login",
        "/api/v1/auth/login/",
        "/api/v1/auth/login;a=b",
        "/api/v1/auth/login%2f",
        "/api/v1/auth/login%00",
        "/api/v1/auth/%6cogin",
        "/api/v1/auth/login?x=1",
        "/api/v2/auth/login",
        "/api/auth/login",
        "/auth/login",
    ] {
        let answer = ada.client.ask(Method::POST, path).json(&body).send().await;
        let status = answer.status.as_u16();
        assert!([404, 405, 429].contains(&status), "{path}: {answer:?}");
    }
    for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "PROPFIND", "post"] {
        let method: Method = method.parse().expect("a method");
        let answer = ada.client.ask(method.clone(), "/api/v1/auth/login").json(&body).send().await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}: {answer:?}");
        assert_eq!(answer.header("allow"), Some("POST"), "{method}: {answer:?}");
    }
    for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
        let ask = ada.client.ask(Method::GET, "/api/v1/auth/login").header(name, "POST").json(&body);
        assert_eq!(ask.send().await.status, StatusCode::METHOD_NOT_ALLOWED);
        let ask = ada.client.ask(Method::POST, "/api/v1/auth/login").header(name, "GET").json(&body);
        ask.send().await.refused(429, "rate_limited");
    }
    for (name, value) in [("x-original-url", "/api/v1/auth/me"), ("x-rewrite-url", "/healthz")] {
        let ask = ada.client.ask(Method::POST, "/api/v1/auth/login").header(name, value).json(&body);
        ask.send().await.refused(429, "rate_limited");
    }
    // As no client library writes it.
    for path in [
        "/./api/v1/auth/login",
        "/api/v1/x/../auth/login",
        "/api/v1/auth/./login",
        "http://login.example.com/api/v1/auth/login",
    ] {
        let status = raw(case, path, &body.to_string()).await;
        assert!(["404", "405", "429"].contains(&status.as_str()), "{path}: {status}");
    }
}

/// The status of a `POST` with this request target, written by hand.
async fn raw(case: &Case, target: &str, body: &str) -> String {
    let authority = case.client().next_url().strip_prefix("http://").expect("plain HTTP").to_owned();
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((case.address(), 0).into()).expect("an address of this machine");
    let mut stream = socket.connect(authority.parse().expect("an address")).await.expect("the server listens");
    let length = body.len();
    let head = format!("POST {target} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n");
    let request = format!("{head}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await.expect("it is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it is answered");
    answer.split(' ').nth(1).expect("a status line").to_owned()
}

pub(crate) async fn d_33_method_switching(case: &Case) {
    let mut ada = case.enrol("ada").await;
    let ticket = ada.ticket().await;
    // Two wrong codes and three wrong backup codes: one budget.
    for (left, by_backup_code) in [(4, false), (3, true), (2, true), (1, false), (0, true)] {
        let answer = if by_backup_code {
            ada.client.second_step_by_backup_code(&ticket, "AAAA-BBBB-CCCC-DDDD").await
        } else {
            ada.client.second_step(&ticket, &ada.phone.wrong()).await
        };
        assert_eq!(answer.refused(401, "invalid_code").body["attempts_left"], left);
    }
    let (code, backup_code) = (ada.phone.code().await, ada.backup_code());
    let ticket = ada.ticket().await;
    ada.client.second_step(&ticket, &code).await.refused(429, "rate_limited");
    ada.client.second_step_by_backup_code(&ticket, &backup_code).await.refused(429, "rate_limited");
    // And one with whoever is signed in.
    ada.post("/2fa/verify", json!({"code": code})).await.refused(429, "rate_limited");
    ada.post("/2fa/setup", json!({"backup_code": backup_code})).await.refused(429, "rate_limited");
}

pub(crate) async fn d_34_lockout_as_denial_of_service(case: &Case) {
    let mut ada = case.enrol("ada").await;
    let device = ada.become_known().await;
    // Nobody in particular: a thousand wrong passwords from ten networks, and a thousand codes without a ticket.
    let strangers: Vec<_> = (1..=10).map(|network| case.client_elsewhere(network)).collect();
    for n in 0..1000 {
        let stranger = if n < 900 { &strangers[0] } else { &strangers[n % 10] };
        let answer = stranger.login(&ada.email, WRONG).await;
        assert!([401, 429].contains(&answer.status.as_u16()), "{answer:?}");
        strangers[0].second_step("no-ticket-at-all", "123456").await.refused(401, "ticket_invalid");
    }
    // The owner's own device: at once.
    let known = ada.client.with("cookie", &device);
    let ticket = known.ticket(&ada.email).await;
    let code = ada.phone.code().await;
    known.second_step(&ticket, &code).await.done();
    // A new device: at once, or within the delay that is told, a quarter of an hour at most.
    let answer = case.client_elsewhere(50).login(&ada.email, PASSWORD).await;
    if answer.status != StatusCode::OK {
        let wait = answer.refused(429, "rate_limited").body["retry_after"].as_u64().expect("seconds");
        assert!(wait <= 900, "{wait}");
    }
    // The second factor was never touched: the first wrong code with the password leaves four.
    let status = ada.get("/2fa/status").await.done();
    assert_eq!(status.body["locked_until"], json!(null), "{status:?}");
    let ticket = known.ticket(&ada.email).await;
    let wrong = case.client_elsewhere(51).second_step(&ticket, &ada.phone.wrong()).await;
    assert_eq!(wrong.refused(401, "invalid_code").body["attempts_left"], 4);
}

pub(crate) async fn d_35_the_owner_is_told_at_the_fifth_failure(case: &Case) {
    let mut ada = case.enrol("ada").await;
    let told = async |ada: &countersign_tests::person::Person| {
        ada.get("/2fa/events").await.done().text.matches("repeated_failures").count()
    };
    let ticket = ada.ticket().await;
    for _ in 0..3 {
        ada.client.second_step(&ticket, &ada.phone.wrong()).await.refused(401, "invalid_code");
    }
    // What succeeds between takes none off.
    ada.sign_in().await;
    let ticket = ada.ticket().await;
    ada.client.second_step(&ticket, &ada.phone.wrong()).await.refused(401, "invalid_code");
    assert_eq!(told(&ada).await, 0);
    ada.client.second_step(&ticket, &ada.phone.wrong()).await.refused(401, "invalid_code");
    assert_eq!(told(&ada).await, 1);
    // Each of the five was told as well: a right password, and not the factor.
    let events = ada.get("/2fa/events").await.done();
    assert_eq!(events.text.matches("\"code_refused\"").count(), 5, "{events:?}");
    let right = ada.phone.code().await;
    ada.client.second_step(&ada.ticket().await, &right).await.refused(429, "rate_limited");
}
