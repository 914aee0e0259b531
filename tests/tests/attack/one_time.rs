//! D-01 to D-08: what was used once is good for nothing.

use countersign_tests::{
    client::{OTHER_PASSWORD, PASSWORD},
    phone::Phone,
};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::case::Case;

pub(crate) async fn d_01_totp_replay(case: &Case) {
    let mut ada = case.enrol("ada").await;
    let (first, second) = (ada.ticket().await, ada.ticket().await);
    // Of this step, so that time does not make it stale.
    let code = ada.phone.lasting_code().await;
    let signed_in = ada.client.second_step(&first, &code).await.done();
    assert_eq!(signed_in.body["backup_codes_left"], 10);
    ada.client.second_step(&first, &code).await.refused(401, "ticket_invalid");
    let replayed = ada.client.second_step(&second, &code).await;
    replayed.refused(401, "invalid_code");
    let third = ada.ticket().await;
    let wrong = ada.client.second_step(&third, &ada.phone.wrong()).await;
    // A used code is not told apart from a wrong one.
    assert_eq!(replayed.body, wrong.body);
    // It cost the ticket an answer and the account none.
    assert_eq!(wrong.body["attempts_left"], 4);
}

pub(crate) async fn d_02_trailing_and_alternating_replay(case: &Case) {
    let mut ada = case.enrol("ada").await;
    let ticket = ada.ticket().await;
    let code = ada.phone.code_ahead().await;
    ada.client.second_step(&ticket, &code).await.done();
    let ticket = ada.ticket().await;
    for steps in [-1, -2, 0, -1] {
        let earlier = ada.phone.code_after_last(steps);
        ada.client.second_step(&ticket, &earlier).await.refused(401, "invalid_code");
    }
}

pub(crate) async fn d_03_backup_code_reuse(case: &Case) {
    let ada = case.enrol("ada").await;
    for (used, code) in ada.backup_codes.iter().enumerate() {
        let answer = ada.client.second_step_by_backup_code(&ada.ticket().await, code).await.done();
        assert_eq!(answer.body["backup_codes_left"], 9 - used, "{answer:?}");
    }
    // Five are looked at, the others find the budget spent.
    for (tried, code) in ada.backup_codes.iter().enumerate() {
        let answer = ada.client.second_step_by_backup_code(&ada.ticket().await, code).await;
        if tried < 5 {
            answer.refused(401, "invalid_code")
        } else {
            answer.refused(429, "rate_limited")
        };
    }
    // All ten in every other spelling, five to a budget.
    let spellings: [fn(&str) -> String; 3] =
        [str::to_lowercase, |code| code.replace('-', ""), |code| format!(" {} ", code.replace('-', " "))];
    for (n, spell) in spellings.into_iter().enumerate() {
        for half in [0..5, 5..10] {
            let bob = case.enrol(&format!("bob{n}{}", half.start)).await;
            for code in &bob.backup_codes[half.clone()] {
                // The spelling itself is a good one: the codes of this half are first used in it, every other time.
                let typed = if n % 2 == 0 { code.clone() } else { spell(code) };
                bob.client.second_step_by_backup_code(&bob.ticket().await, &typed).await.done();
            }
            for code in &bob.backup_codes[half] {
                let answer = bob.client.second_step_by_backup_code(&bob.ticket().await, &spell(code)).await;
                answer.refused(401, "invalid_code");
            }
        }
    }
}

pub(crate) async fn d_05_cross_surface_replay(case: &Case) {
    let mut ada = case.enrol("ada").await;
    let (ticket, code) = (ada.ticket().await, ada.phone.lasting_code().await);
    let session = ada.client.second_step(&ticket, &code).await.done().text("access_token");
    let status = ada.client.get("/2fa/status", Some(&session)).await;
    let factor = status.body["factors"][0]["factor_id"].as_str().expect("a factor").to_owned();
    for (path, body) in [
        ("/2fa/verify", json!({"code": code})),
        ("/2fa/disable", json!({"password": PASSWORD, "code": code})),
        ("/2fa/backup-codes/regenerate", json!({"code": code})),
        ("/2fa/setup", json!({"code": code})),
        ("/auth/password", json!({"current": PASSWORD, "new": OTHER_PASSWORD, "code": code})),
    ] {
        ada.client.post(path, Some(&session), body).await.refused(401, "invalid_code");
    }
    let factor = format!("/api/v1/2fa/factors/{factor}");
    let body = json!({"password": PASSWORD, "code": code});
    ada.client.call(Method::DELETE, &factor, Some(&session), Some(body)).await.refused(401, "invalid_code");
    ada.client.second_step(&ada.ticket().await, &code).await.refused(401, "invalid_code");
    // And the other way: what a step-up used, no sign-in takes.
    let code = ada.phone.code().await;
    ada.client.post("/2fa/verify", Some(&session), json!({"code": code})).await.done();
    ada.client.second_step(&ada.ticket().await, &code).await.refused(401, "invalid_code");
    ada.client.post("/2fa/verify", Some(&session), json!({"code": code})).await.refused(401, "invalid_code");
    // None of it was charged to the account: a wrong one still leaves four.
    let wrong = ada.client.second_step(&ada.ticket().await, &ada.phone.wrong()).await;
    assert_eq!(wrong.refused(401, "invalid_code").body["attempts_left"], 4);
}

pub(crate) async fn d_06_enrolment_code_replay(case: &Case) {
    let client = case.client();
    let email = case.email("ada");
    let token = client.register(&email).await;
    let setup = client.post("/2fa/setup", Some(&token), json!({})).await.done();
    let mut phone = Phone::typed(&setup.text("secret"), 6);
    let code = phone.lasting_code().await;
    client.post("/2fa/verify", Some(&token), json!({"code": code})).await.done();
    let ticket = client.ticket(&email).await;
    client.second_step(&ticket, &code).await.refused(401, "invalid_code");
    client.second_step(&ticket, &phone.code_after_last(-1)).await.refused(401, "invalid_code");
    let next = phone.code().await;
    client.second_step(&ticket, &next).await.done();
}

pub(crate) async fn d_08_tokens_used_twice(case: &Case) {
    let client = case.client();
    let email = case.email("ada");
    let token = client.register(&email).await;
    let setup = client.post("/2fa/setup", Some(&token), json!({})).await.done();
    let factor = setup.text("factor_id");
    let mut phone = Phone::typed(&setup.text("secret"), 6);
    let code = phone.code().await;
    let body = json!({"code": code, "factor_id": factor});
    let session = client.post("/2fa/verify", Some(&token), body).await.done();

    // The set-up token.
    client.post("/2fa/setup", Some(&token), json!({})).await.refused(401, "unauthorized");
    let late = phone.lasting_code().await;
    client.post("/2fa/verify", Some(&token), json!({"code": late})).await.refused(401, "unauthorized");
    // The enrolment's id.
    let body = json!({"code": late, "factor_id": factor});
    client.post("/2fa/verify", Some(&session.text("access_token")), body).await.refused(409, "nothing_pending");
    // The ticket: neither a code nor a backup code answers it again.
    let ticket = client.ticket(&email).await;
    client.second_step(&ticket, &late).await.done();
    let codes = countersign_tests::person::backup_codes(&session);
    client.second_step_by_backup_code(&ticket, &codes[0]).await.refused(401, "ticket_invalid");
    client.second_step_by_backup_code(&client.ticket(&email).await, &codes[0]).await.done();
    // The refresh token: again only while its successor is unused, and then the same.
    let first = session.text("refresh_token");
    let second = client.refresh(&first).await.done().text("refresh_token");
    assert_eq!(client.refresh(&first).await.done().text("refresh_token"), second);
    let third = client.refresh(&second).await.done();
    client.refresh(&first).await.refused(401, "token_reuse");
    assert_eq!(client.refresh(&third.text("refresh_token")).await.status, StatusCode::UNAUTHORIZED);
}
