//! D-14 to D-19: the order of the steps.

use countersign_tests::{
    client::PASSWORD,
    person::{DEVICE_COOKIE, Person, SESSION_COOKIE, Session},
    phone::Phone,
};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::case::Case;

pub(crate) async fn d_14_second_factor_without_the_first(case: &Case) {
    let mut ada = case.enrol("ada").await;
    let client = case.client();
    let code = ada.phone.lasting_code().await;
    let made_up = "0190b0a000007000800000000000000000000000000000000000000000000000";
    client.second_step(made_up, &code).await.refused(401, "ticket_invalid");
    client.second_step("", &code).await.refused(401, "ticket_invalid");
    client.second_step_by_backup_code(made_up, &ada.backup_codes[0]).await.refused(401, "ticket_invalid");
    for body in [
        json!({"code": code}),
        json!({"email": ada.email, "code": code}),
        json!({"email": ada.email, "password": PASSWORD, "code": code}),
        json!({"ticket": null, "code": code}),
    ] {
        client.post("/auth/login/2fa", None, body).await.refused(400, "malformed_request");
    }
    let factor = ada.get("/2fa/status").await.body["factors"][0]["factor_id"].as_str().expect("a factor").to_owned();
    for bearer in [None, Some(made_up), Some(ada.email.as_str())] {
        for (path, body) in [
            ("/2fa/verify", json!({"code": code})),
            ("/2fa/disable", json!({"password": PASSWORD, "code": code})),
            ("/2fa/backup-codes/regenerate", json!({"code": code})),
            ("/2fa/setup", json!({"code": code})),
            ("/auth/password", json!({"current": PASSWORD, "new": "another long password", "code": code})),
        ] {
            client.post(path, bearer, body).await.refused(401, "unauthorized");
        }
        let factor = format!("/api/v1/2fa/factors/{factor}");
        let body = json!({"password": PASSWORD, "code": code});
        client.call(Method::DELETE, &factor, bearer, Some(body)).await.refused(401, "unauthorized");
    }
    // Nothing of it touched her account: no count, no lock, and the code is as good as before.
    let status = ada.get("/2fa/status").await;
    assert_eq!(status.body["locked_until"], json!(null), "{status:?}");
    let ticket = ada.ticket().await;
    let wrong = ada.client.second_step(&ticket, &ada.phone.wrong()).await;
    assert_eq!(wrong.refused(401, "invalid_code").body["attempts_left"], 4);
    ada.client.second_step(&ticket, &code).await.done();
}

pub(crate) async fn d_15_riding(case: &Case) {
    let mut ada = case.enrol("ada").await;
    let eve = case.client_elsewhere(1);
    let hers = ada.ticket().await;
    let stolen = eve.ticket(&ada.email).await;
    let code = ada.phone.lasting_code().await;
    ada.client.second_step(&hers, &code).await.done();
    // At once, with the password alone, and with the code that was just shown.
    eve.second_step(&stolen, &code).await.refused(401, "invalid_code");
    eve.second_step(&hers, &code).await.refused(401, "ticket_invalid");
    eve.post("/auth/login/2fa", None, json!({"ticket": stolen})).await.refused(400, "malformed_request");
    assert_eq!(eve.login(&ada.email, PASSWORD).await.body["status"], "2fa_required");
    for path in ["/auth/signin-with-2fa", "/auth/signin", "/signin-with-2fa", "/auth/verify", "/2fa/signin-with-2fa"] {
        let body = json!({"email": ada.email, "password": PASSWORD, "code": code});
        eve.post(path, None, body).await.refused(404, "not_found");
    }
}

pub(crate) async fn d_16_user_swap(case: &Case) {
    let (mut ada, mut eve) = (case.enrol("ada").await, case.enrol("eve").await);
    let victim = ada.get("/auth/me").await.text("user_id");
    // Eve's ticket and code, and Ada's name wherever one could be put: in the body it is refused, elsewhere not looked at.
    let (ticket, code) = (eve.ticket().await, eve.phone.lasting_code().await);
    for (field, value) in [("user_id", &victim), ("email", &ada.email), ("sub", &victim), ("otp_user_id", &victim)] {
        let mut body = json!({"ticket": ticket, "code": code});
        body[field] = json!(value);
        eve.client.post("/auth/login/2fa", None, body).await.refused(400, "malformed_request");
    }
    let path = format!("/api/v1/auth/login/2fa?user_id={victim}&email={}", ada.email);
    let answer = eve
        .client
        .ask(Method::POST, &path)
        .header("x-user-id", &victim)
        .header("x-forwarded-user", &ada.email)
        .header("cookie", &format!("user_id={victim}"))
        .json(&json!({"ticket": ticket, "code": code}))
        .send()
        .await
        .done();
    let me = eve.client.get("/auth/me", Some(&answer.text("access_token"))).await;
    assert_eq!(me.text("email"), eve.email);
    // Ada's ticket takes nothing of Eve's.
    let ticket = ada.ticket().await;
    let code = eve.phone.code().await;
    eve.client.second_step(&ticket, &code).await.refused(401, "invalid_code");
    let backup = eve.backup_code();
    eve.client.second_step_by_backup_code(&ticket, &backup).await.refused(401, "invalid_code");
    // Nor does her session take Eve's factor, or anybody's but her own.
    let factor = eve.get("/2fa/status").await.body["factors"][0]["factor_id"].as_str().expect("a factor").to_owned();
    let code = ada.phone.lasting_code().await;
    let path = format!("/api/v1/2fa/factors/{factor}");
    let hers = Some(ada.session.access.as_str());
    let body = json!({"code": code, "password": PASSWORD});
    ada.client.call(Method::DELETE, &path, hers, Some(body)).await.refused(404, "not_found");
    ada.client.call(Method::PATCH, &path, hers, Some(json!({"name": "mine"}))).await.refused(404, "not_found");
    let theirs = eve.client.get("/sessions", Some(&answer.text("access_token"))).await;
    let session = theirs.body["sessions"][0]["id"].as_str().expect("a session").to_owned();
    let path = format!("/api/v1/sessions/{session}");
    ada.client.call(Method::DELETE, &path, hers, None).await.refused(404, "not_found");
    eve.client.second_step_by_backup_code(&eve.ticket().await, &backup).await.done();
}

pub(crate) async fn d_17_pending_state_opens_nothing(case: &Case) {
    let ada = case.enrol("ada").await;
    let login = ada.client.login(&ada.email, PASSWORD).await.done();
    // No cookie is set at this stage; should one ever be, it is tried here.
    assert_eq!(login.header("set-cookie"), None, "{login:?}");
    let ticket = login.text("ticket");
    let setup = case.client().register(&case.email("bob")).await;
    for token in [&ticket, &setup] {
        case.client().refresh(token).await.refused(401, "token_invalid");
    }
    for (method, path) in countersign_tests::routes::guarded(case.client()).await {
        for token in [&ticket, &setup] {
            let is_set_up = ["/api/v1/2fa/setup", "/api/v1/2fa/verify"].contains(&path.as_str()) && token == &setup;
            let ask = || {
                let ask = case
                    .client()
                    .ask(method.clone(), &path)
                    .header("origin", countersign_tests::deployment::PUBLIC_URL);
                if method == Method::GET { ask } else { ask.json(&json!({})) }
            };
            let bearer = (!is_set_up).then(|| ask().bearer(token));
            let others = [
                ask().cookie(&format!("{SESSION_COOKIE}={token}")),
                ask().cookie(&format!("{DEVICE_COOKIE}={token}")),
                ask().header("authorization", &format!("Basic {token}")),
                ask().header("x-api-key", token),
            ];
            for ask in bearer.into_iter().chain(others) {
                let answer = ask.send().await;
                let is = (answer.status.as_u16(), answer.code());
                assert_eq!(is, (401, "unauthorized"), "{method} {path}: {answer:?}");
            }
        }
    }
}

pub(crate) async fn d_18_side_doors(case: &Case) {
    // A session of the password alone, from before the second factor was turned on.
    let client = case.client();
    let email = case.email("ada");
    let body = json!({"email": email, "password": PASSWORD});
    client.post("/auth/register", None, body).await.done();
    let before = Session::of(&client.login(&email, PASSWORD).await);
    let enabling = client.login(&email, PASSWORD).await.done().text("access_token");
    let setup = client.post("/2fa/setup", Some(&enabling), json!({"password": PASSWORD})).await.done();
    let mut phone = Phone::typed(&setup.text("secret"), 6);
    let code = phone.code().await;
    client.post("/2fa/verify", Some(&enabling), json!({"code": code})).await.done();
    // It does not live on, and no refresh makes another.
    before.assert_ended(client).await;
    assert_eq!(client.get("/auth/me", Some(&enabling)).await.status, StatusCode::UNAUTHORIZED);
    // A known device is asked for the second factor as anybody is.
    let (ticket, code) = (client.ticket(&email).await, phone.code().await);
    let body = json!({"ticket": ticket, "code": code, "remember_device": true});
    let known = client.post("/auth/login/2fa", None, body).await.done();
    let device = known.cookie(DEVICE_COOKIE).expect("a known device").to_owned();
    let login = client.ask(Method::POST, "/api/v1/auth/login").cookie(&device);
    let login = login.json(&json!({"email": email, "password": PASSWORD})).send().await.done();
    assert_eq!(login.body["status"], "2fa_required", "{login:?}");
    // Signing up again is no way in.
    let body = json!({"email": email.to_uppercase(), "password": PASSWORD});
    client.post("/auth/register", None, body).await.refused(409, "user_exists");
    // Neither are other ways to say who one is.
    let basic = format!("Basic {}", base64(&format!("{email}:{PASSWORD}")));
    for (name, value) in [
        ("authorization", basic.as_str()),
        ("authorization", "Bearer"),
        ("x-api-key", PASSWORD),
        ("x-forwarded-user", email.as_str()),
        ("remote-user", email.as_str()),
    ] {
        let answer = client.ask(Method::GET, "/api/v1/auth/me").header(name, value).send().await;
        answer.refused(401, "unauthorized");
    }
    for path in [
        "/auth/password-reset",
        "/auth/reset",
        "/auth/magic-link",
        "/auth/callback",
        "/auth/token",
        "/auth/2fa/disable",
        "/otp/send",
    ] {
        client.post(path, None, json!({"email": email})).await.refused(404, "not_found");
    }
    // The pages' way to a session has the same two steps: a password leads to the page that asks for a code.
    let page = client.ask(Method::GET, "/account").cookie(&device).header("accept", "text/html").send().await;
    assert!(!page.text.contains(&email) && page.cookie(SESSION_COOKIE).is_none(), "{page:?}");
}

pub(crate) async fn d_19_unconfirmed_enrolment(case: &Case) {
    let client = case.client();
    let email = case.email("ada");
    let registered = client.post("/auth/register", None, json!({"email": email, "password": PASSWORD})).await.done();
    let token = registered.text("access_token");
    let begin = async |token: &str, body| client.post("/2fa/setup", Some(token), body).await.done();
    let password = json!({"password": PASSWORD});
    let mut first = Phone::typed(&begin(&token, password.clone()).await.text("secret"), 6);
    // Begun and not confirmed: off.
    assert_eq!(client.get("/2fa/status", Some(&token)).await.body["enabled"], false);
    assert_eq!(client.login(&email, PASSWORD).await.body["status"], "success");
    // A second beginning takes the place of the first.
    let second = begin(&token, password).await;
    let mut phone = Phone::typed(&second.text("secret"), 6);
    let code = first.lasting_code().await;
    client.post("/2fa/verify", Some(&token), json!({"code": code})).await.refused(401, "invalid_code");
    let code = phone.code().await;
    let enabled = client.post("/2fa/verify", Some(&token), json!({"code": code})).await.done();
    let ada = Person {
        client: client.clone(),
        email,
        phone,
        backup_codes: countersign_tests::person::backup_codes(&enabled),
        used: 0,
        session: Session::of(&enabled),
    };
    // While a third is pending the live one goes on working, and the pending one does not.
    let mut ada = ada;
    let backup_code = ada.backup_code();
    let third = begin(&ada.session.access.clone(), json!({"backup_code": backup_code})).await;
    let mut pending = Phone::typed(&third.text("secret"), 6);
    let code = pending.lasting_code().await;
    ada.client.second_step(&ada.ticket().await, &code).await.refused(401, "invalid_code");
    ada.sign_in().await;
    // Somebody without a session cannot confirm it, and its confirmation leaves the first factor live.
    client.post("/2fa/verify", None, json!({"code": code})).await.refused(401, "unauthorized");
    let token = ada.session.access.clone();
    client.post("/2fa/verify", Some(&token), json!({"code": code})).await.done();
    ada.sign_in().await;
}

fn base64(text: &str) -> String {
    use base64ct::Encoding as _;
    base64ct::Base64::encode_string(text.as_bytes())
}
