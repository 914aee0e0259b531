use std::sync::Arc;

use countersign_tests::server::Server;
use reqwest::StatusCode;
use serde_json::json;
use tokio::{sync::Barrier, task::JoinSet};

use crate::people::Person;

#[tokio::test(flavor = "multi_thread")]
async fn a_code_signs_in_once_and_a_backup_code_once() {
    let server = Server::start(&[]).await;
    let mut ada = Person::enrol(server.client(), "ada@example.com").await;
    let code = ada.phone.code().await;
    let ticket = ada.ticket().await;
    let signed_in = ada.client.second_step(&ticket, &code).await;
    assert_eq!(signed_in.status, StatusCode::OK, "{signed_in:?}");
    assert_eq!(signed_in.body["status"], "success");
    assert_eq!(signed_in.body["token_type"], "Bearer");
    assert_eq!(signed_in.body["backup_codes_left"], 10);
    let cookie = signed_in.header("set-cookie").expect("a session cookie");
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    let me = ada.client.get("/auth/me", Some(&signed_in.text("access_token"))).await;
    assert_eq!((me.text("email"), &me.body["two_factor_enabled"]), ("ada@example.com".to_owned(), &json!(true)));
    assert_eq!(me.body["amr"], json!(["pwd", "otp"]));

    ada.client.second_step(&ticket, &code).await.refused(401, "ticket_invalid");
    ada.client.second_step(&ada.ticket().await, &code).await.refused(401, "invalid_code");

    let backup = &ada.backup_codes[0];
    let recovered = ada.client.second_step_by_backup_code(&ada.ticket().await, backup).await;
    assert_eq!(recovered.status, StatusCode::OK, "{recovered:?}");
    assert_eq!(recovered.body["backup_codes_left"], 9);
    let lower = backup.to_lowercase().replace('-', "");
    for spelling in [backup, &lower] {
        ada.client.second_step_by_backup_code(&ada.ticket().await, spelling).await.refused(401, "invalid_code");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_five_wrong_codes_there_is_a_wait_on_any_ticket() {
    let server = Server::start(&[]).await;
    let mut ada = Person::enrol(server.client(), "ada@example.com").await;
    let ticket = ada.ticket().await;
    for left in (0..5).rev() {
        let refusal = ada.client.second_step(&ticket, &ada.phone.wrong()).await;
        refusal.refused(401, "invalid_code");
        assert_eq!(refusal.body["attempts_left"], left);
    }
    let right = ada.phone.code().await;
    for ticket in [ticket, ada.ticket().await] {
        let refusal = ada.client.second_step(&ticket, &right).await;
        refusal.refused(429, "rate_limited");
        let wait: u64 = refusal.header("retry-after").expect("a wait").parse().expect("seconds");
        assert!((800..=900).contains(&wait), "{wait}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_code_is_malformed_and_costs_nothing() {
    let server = Server::start(&[]).await;
    let mut ada = Person::enrol(server.client(), "ada@example.com").await;
    let ticket = ada.ticket().await;
    let code = ada.phone.code().await;
    for text in ["", "12345", "1234567", "+12345", "12345\n", "１２３４５６", "12345\u{0}", &"1".repeat(10_000)] {
        ada.client.second_step(&ticket, text).await.refused(400, "malformed_code");
    }
    for value in [json!(123_456), json!(["123456"]), json!({"$gt": ""}), json!(null)] {
        let answer = ada.client.post("/auth/login/2fa", None, json!({"ticket": ticket, "code": value})).await;
        answer.refused(400, "malformed_request");
    }
    let both = json!({"ticket": ticket, "code": code, "backup_code": ada.backup_codes[0]});
    ada.client.post("/auth/login/2fa", None, both).await.refused(400, "malformed_request");
    let extra = json!({"ticket": ticket, "code": code, "user_id": "someone"});
    ada.client.post("/auth/login/2fa", None, extra).await.refused(400, "malformed_request");
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    assert_eq!(ada.client.second_step(&ticket, &spaced).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_callers_with_one_code_at_one_moment_one_is_let_in() {
    let server = Server::start(&[]).await;
    let mut ada = Person::enrol(server.client(), "ada@example.com").await;
    for _ in 0..3 {
        let mut tickets = Vec::new();
        for _ in 0..5 {
            tickets.push(ada.ticket().await);
        }
        let code = ada.phone.code().await;
        let gate = Arc::new(Barrier::new(50));
        let mut callers = JoinSet::new();
        for n in 0..50 {
            let (gate, client) = (Arc::clone(&gate), ada.client.clone());
            let (ticket, code) = (tickets[n % tickets.len()].clone(), code.clone());
            callers.spawn(async move {
                gate.wait().await;
                client.second_step(&ticket, &code).await
            });
        }
        let answers = callers.join_all().await;
        let accepted = answers.iter().filter(|answer| answer.status == StatusCode::OK).count();
        let refused = answers.iter().filter(|answer| answer.status == StatusCode::UNAUTHORIZED).count();
        assert_eq!((accepted, refused), (1, 49), "{answers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_of_a_sign_in_changes_nothing_either() {
    let server = Server::start(&[("COUNTERSIGN_REQUIRE_2FA", "false")]).await;
    let client = server.client();
    let registered = client
        .post(
            "/auth/register",
            None,
            json!({"email": "ada@example.com", "password": countersign_tests::client::PASSWORD}),
        )
        .await;
    assert_eq!(registered.status, StatusCode::CREATED, "{registered:?}");
    assert_eq!(registered.body["status"], "success");
    let token = registered.text("access_token");
    let password = countersign_tests::client::PASSWORD;
    client.post("/2fa/verify", Some(&token), json!({"code": "123456"})).await.refused(403, "2fa_not_enabled");
    let setup = client.post("/2fa/setup", Some(&token), json!({"password": password})).await;
    let mut phone = countersign_tests::phone::Phone::typed(&setup.text("secret"), 6);
    let code = phone.code().await;
    let enabled = client.post("/2fa/verify", Some(&token), json!({"code": code})).await;
    assert_eq!(enabled.body["status"], "enabled", "{enabled:?}");
    let token = enabled.text("access_token");

    let used = phone.last_code();
    for (path, body) in [
        ("/2fa/verify", json!({"code": used})),
        ("/2fa/backup-codes/regenerate", json!({"code": used})),
        ("/2fa/disable", json!({"password": password, "code": used})),
    ] {
        client.post(path, Some(&token), body).await.refused(401, "invalid_code");
    }
    let code = phone.code().await;
    let disabled = client.post("/2fa/disable", Some(&token), json!({"password": password, "code": code})).await;
    assert_eq!(disabled.body, json!({"status": "disabled"}), "{disabled:?}");
    let login = client.post("/auth/login", None, json!({"email": "ada@example.com", "password": password})).await;
    assert_eq!(login.body["status"], "success", "{login:?}");
}
