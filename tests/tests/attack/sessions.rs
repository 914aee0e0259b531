//! D-24 to D-27: sessions, what is shown once, known devices, other sites.

use countersign_tests::{
    client::{Client, OTHER_PASSWORD, PASSWORD},
    deployment::PUBLIC_URL,
    person::{DEVICE_COOKIE, Person, SESSION_COOKIE, Session},
};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::case::Case;

pub(crate) async fn d_24_session_fixation(case: &Case) {
    let mut ada = case.enrol("ada").await;
    let planted = format!("{SESSION_COOKIE}=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    let fixed = ada.client.with("cookie", &planted).with("origin", PUBLIC_URL);
    let login = fixed.login(&ada.email, PASSWORD).await.done();
    assert_eq!(login.header("set-cookie"), None, "no session before the second factor");
    let code = ada.phone.code().await;
    let session = Session::of(&fixed.second_step(&login.text("ticket"), &code).await);
    assert_ne!(session.cookie, planted);
    let me = async |cookie: &str| ada.client.ask(Method::GET, "/api/v1/auth/me").cookie(cookie).send().await.status;
    assert_eq!(me(&planted).await, StatusCode::UNAUTHORIZED);
    // A step-up in the browser: another cookie, and the one before is dead.
    let code = ada.phone.code().await;
    let step_up =
        ada.client.ask(Method::POST, "/api/v1/2fa/verify").cookie(&session.cookie).header("origin", PUBLIC_URL);
    let raised = step_up.json(&json!({"code": code})).send().await.done();
    let cookie = raised.cookie(SESSION_COOKIE).expect("a new cookie").to_owned();
    assert!(cookie != session.cookie && cookie != planted);
    assert_eq!(me(&session.cookie).await, StatusCode::UNAUTHORIZED);
    assert_eq!(me(&cookie).await, StatusCode::OK);
    // A ticket of one's own choosing is none.
    let code = ada.phone.wrong();
    ada.client.second_step("planted-ticket-of-somebody", &code).await.refused(401, "ticket_invalid");
    // Two sign-ins never share anything.
    let (one, two) = (ada.sign_in_by_backup_code().await, ada.sign_in_by_backup_code().await);
    assert!(one.access != two.access && one.refresh != two.refresh && one.cookie != two.cookie);
    assert_eq!(one.cookie.len() - SESSION_COOKIE.len() - 1, 43, "256 bits");
}

pub(crate) async fn d_25_secret_shown_once(case: &Case) {
    let client = case.client();
    let email = case.email("ada");
    let token = client.register(&email).await;
    let setup = client.post("/2fa/setup", Some(&token), json!({})).await.done();
    let mut phone = countersign_tests::phone::Phone::typed(&setup.text("secret"), 6);
    let code = phone.code().await;
    let enabled = client.post("/2fa/verify", Some(&token), json!({"code": code})).await.done();
    let (session, codes) = (enabled.text("access_token"), countersign_tests::person::backup_codes(&enabled));
    let mut asked = 0;
    for (method, path) in countersign_tests::routes::guarded(client).await {
        if method != Method::GET {
            continue;
        }
        let answer = client.ask(Method::GET, &path).bearer(&session).send().await.done();
        let bare = |code: &String| code.replace('-', "");
        for secret in codes.iter().cloned().chain(codes.iter().map(bare)).chain([setup.text("secret")]) {
            assert!(!answer.text.contains(&secret), "{path} shows {secret}");
        }
        for word in ["otpauth", "\"secret\"", "<svg", "image/png"] {
            assert!(!answer.text.contains(word), "{path} shows {word}");
        }
        asked += 1;
    }
    assert!(asked >= 5, "{asked}");
    // Nor on any page, that of the set-up and that of the backup codes among them.
    let cookie = enabled.cookie(SESSION_COOKIE).expect("a cookie");
    for path in [
        "/",
        "/setup",
        "/backup-codes",
        "/account",
        "/account/two-factor",
        "/account/factors",
        "/account/backup-codes",
        "/account/sessions",
        "/account/activity",
        "/account/password",
        "/metrics",
        "/openapi.json",
    ] {
        let page = client.ask(Method::GET, path).cookie(cookie).header("accept", "text/html").send_for_a_page().await;
        assert!(page.status != StatusCode::NOT_FOUND && page.status != StatusCode::UNAUTHORIZED, "{path}: {page:?}");
        let text = page.text.replace(['-', ' '], "");
        let codes = codes.iter().map(|code| code.replace('-', ""));
        for secret in codes.chain([setup.text("secret")]) {
            assert!(!text.contains(&secret), "{path} shows {secret}");
        }
        assert!(!text.contains("otpauth:") && !text.contains("data:image/png"), "{path}");
    }
    // To begin again is to get another secret.
    let body = json!({"backup_code": codes[0]});
    let again = client.post("/2fa/setup", Some(&session), body).await.done();
    assert_ne!(again.text("secret"), setup.text("secret"));
}

pub(crate) async fn d_26_known_device_token(case: &Case) {
    let mut ada = case.enrol("ada").await;
    let eve = case.enrol("eve").await;
    let device = ada.become_known().await;
    // What a known device is worth: it answers when strangers have spent the budget. So a right code tells.
    ada.spend_the_budget().await;
    let known = ada.client.with("cookie", &device);
    let code = ada.phone.lasting_code().await;
    ada.client.second_step(&ada.ticket().await, &code).await.refused(429, "rate_limited");
    let token = device.split_once('=').expect("name=value").1;
    // Edited anywhere, cut, made up, or hers for somebody else: a stranger's.
    let mut edited = token.to_owned().into_bytes();
    for at in [0, edited.len() / 3, edited.len() / 2, edited.len() - 2] {
        edited[at] = if edited[at] == b'A' { b'B' } else { b'A' };
        let edited = String::from_utf8(edited.clone()).expect("ASCII");
        stranger(&ada, &ada.client.with("cookie", &format!("{DEVICE_COOKIE}={edited}")), &code).await;
    }
    for other in [&token[..token.len() - 4], "", "1", &format!("{token}AAAA")] {
        stranger(&ada, &ada.client.with("cookie", &format!("{DEVICE_COOKIE}={other}")), &code).await;
    }
    eve.spend_the_budget().await;
    stranger(&eve, &eve.client.with("cookie", &device), &eve.phone.present_code()).await;
    // It is a known device, though, and of no other use.
    let me = known.get("/auth/me", None).await;
    me.refused(401, "unauthorized");
    let session = Session::of(&known.second_step(&ada.ticket().await, &code).await);
    // After a change of the factors it is a stranger's.
    let body = json!({"code": ada.phone.code().await});
    known.post("/2fa/backup-codes/regenerate", Some(&session.access), body).await.done();
    stranger(&ada, &known, &ada.phone.present_code()).await;
    // After the devices were forgotten, from another one: all of them, or the one that may be it.
    for all in [true, false] {
        let mut bob = case.enrol(if all { "bob" } else { "carl" }).await;
        let device = bob.become_known().await;
        bob.spend_the_budget().await;
        let known = bob.client.with("cookie", &device);
        known.second_step(&bob.ticket().await, &bob.phone.wrong()).await.refused(401, "invalid_code");
        let elsewhere = bob.client.with("user-agent", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0");
        let listed = bob.get("/devices").await.done();
        let listed = listed.body["devices"].as_array().expect("devices");
        let id = listed[0]["id"].as_str().expect("an id");
        let path = if all { "/api/v1/devices".to_owned() } else { format!("/api/v1/devices/{id}") };
        elsewhere.call(Method::DELETE, &path, Some(&bob.session.access), None).await.done();
        stranger(&bob, &known, &bob.phone.present_code()).await;
    }
    // After a change of the password. From a known device of one's own, the own one stays known through forgetting others.
    let mut dora = case.enrol("dora").await;
    let device = dora.become_known().await;
    dora.spend_the_budget().await;
    let known = dora.client.with("cookie", &device);
    known.call(Method::DELETE, "/api/v1/devices", Some(&dora.session.access), None).await.done();
    let left = known.second_step(&dora.ticket().await, &dora.phone.wrong()).await;
    assert_eq!(left.refused(401, "invalid_code").body["attempts_left"], 4);
    let mut erik = case.enrol("erik").await;
    let device = erik.become_known().await;
    let body = json!({"current": PASSWORD, "new": OTHER_PASSWORD, "code": erik.phone.code().await});
    erik.post("/auth/password", body).await.done();
    let ticket = erik.client.login(&erik.email, OTHER_PASSWORD).await.done().text("ticket");
    for _ in 0..5 {
        erik.client.second_step(&ticket, &erik.phone.wrong()).await.refused(401, "invalid_code");
    }
    let known = erik.client.with("cookie", &device);
    let ticket = known.login(&erik.email, OTHER_PASSWORD).await.done().text("ticket");
    known.second_step(&ticket, &erik.phone.present_code()).await.refused(429, "rate_limited");
}

/// Asserts that a client is nobody's known device: an account whose budget is spent does not look at its code.
async fn stranger(person: &Person, client: &Client, code: &str) {
    client.second_step(&person.ticket().await, code).await.refused(429, "rate_limited");
}

pub(crate) async fn d_27_cross_site(case: &Case) {
    let mut ada = case.enrol("ada").await;
    let (ticket, code) = (ada.ticket().await, ada.phone.lasting_code().await);
    let credentials = json!({"email": ada.email, "password": PASSWORD});
    let changes = [
        ("/api/v1/auth/login", credentials),
        ("/api/v1/auth/login/2fa", json!({"ticket": ticket, "code": code})),
        ("/api/v1/2fa/verify", json!({"code": code})),
        ("/api/v1/2fa/disable", json!({"password": PASSWORD, "code": code})),
        ("/api/v1/2fa/setup", json!({"code": code})),
        ("/api/v1/auth/logout", json!({})),
    ];
    let foreign = [
        ("origin", "https://evil.example.org"),
        ("origin", "null"),
        ("origin", "http://login.example.com.evil.example.org"),
        ("origin", "https://login.example.com"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ];
    for (path, body) in &changes {
        for (name, value) in foreign {
            let ask = ada.client.ask(Method::POST, path).cookie(&ada.session.cookie).header(name, value);
            ask.json(body).send().await.refused(403, "cross_origin");
        }
        // A form of another site needs no leave of the browser's: it is no JSON.
        let form =
            ada.client.ask(Method::POST, path).cookie(&ada.session.cookie).header("origin", "https://evil.example.org");
        let form = form.bytes("application/x-www-form-urlencoded", "email=a&password=b&code=1");
        form.send().await.refused(403, "cross_origin");
        // What a browser does by itself with a link or a picture changes nothing.
        for method in [Method::GET, Method::HEAD] {
            let answer = ada.client.ask(method, path).cookie(&ada.session.cookie).send().await;
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}: {answer:?}");
            assert!(answer.header("allow").is_some_and(|allow| allow.contains("POST")), "{path}: {answer:?}");
        }
    }
    // So it is with every route that changes anything.
    for (method, path, operation) in countersign_tests::routes::described(&ada.client).await {
        if method == Method::GET {
            continue;
        }
        let path = countersign_tests::routes::with_ids(&path);
        for (name, value) in foreign {
            let ask = ada.client.ask(method.clone(), &path).cookie(&ada.session.cookie).header(name, value);
            ask.json(&json!({})).send().await.refused(403, "cross_origin");
        }
        if operation["security"] != json!([{}]) {
            let ask = ada.client.ask(method.clone(), &path).cookie(&ada.session.cookie);
            ask.json(&json!({})).send().await.refused(403, "cross_origin");
        }
    }
    // With the cookie alone, not saying where from: nor that.
    for (path, body) in &changes[2..] {
        let ask = ada.client.ask(Method::POST, path).cookie(&ada.session.cookie);
        ask.json(body).send().await.refused(403, "cross_origin");
    }
    // The pages' forms: neither from elsewhere, nor without their token.
    let form = ada.client.ask(Method::POST, "/logout").cookie(&ada.session.cookie).header("origin", PUBLIC_URL);
    let form = form.header("accept", "text/html").bytes("application/x-www-form-urlencoded", "");
    let answer = form.send_for_a_page().await;
    assert!(!answer.status.is_success(), "{answer:?}");
    assert!(ada.session.is_alive(&ada.client).await);
    // No other site is let read an answer.
    let preflight = ada.client.ask(Method::OPTIONS, "/api/v1/auth/login").header("origin", "https://evil.example.org");
    let preflight = preflight.header("access-control-request-method", "POST").send_for_a_page().await;
    assert_eq!(preflight.header("access-control-allow-origin"), None, "{preflight:?}");
    let answer = ada
        .client
        .ask(Method::GET, "/api/v1/auth/me")
        .cookie(&ada.session.cookie)
        .header("origin", "https://evil.example.org");
    assert_eq!(answer.send().await.header("access-control-allow-origin"), None);
    // From the server's own pages all of it works, and none of it was used up.
    let ask =
        ada.client.ask(Method::POST, "/api/v1/auth/login/2fa").cookie(&ada.session.cookie).header("origin", PUBLIC_URL);
    ask.json(&changes[1].1).send().await.done();
    let ask =
        ada.client.ask(Method::POST, "/api/v1/auth/logout").cookie(&ada.session.cookie).header("origin", PUBLIC_URL);
    ask.send().await.done();
    ada.session.assert_ended(&ada.client).await;
}

pub(crate) async fn signing_out_ends_all_of_a_session(case: &Case) {
    let mut ada = case.enrol("ada").await;
    let other = ada.sign_in_by_backup_code().await;
    let out = ada.client.post("/auth/logout", Some(&other.access), json!({})).await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert_eq!(out.cookie(SESSION_COOKIE), Some("countersign_session="));
    other.assert_ended(&ada.client).await;
    assert!(ada.session.is_alive(&ada.client).await);
    let again = ada.client.post("/auth/logout", Some(&other.access), json!({})).await;
    again.refused(401, "unauthorized");
}
