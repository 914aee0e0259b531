use serde_json::json;

use crate::rig::{By, Rig};

#[tokio::test]
async fn a_right_code_begins_a_session_and_is_used_by_that() {
    let rig = Rig::new();
    let (phone, _, _) = rig.enrol().await;
    let code = phone.code(rig.next_step());
    let ticket = rig.ticket().await;
    let done = rig.post("/login/2fa", By::Nobody, json!({"ticket": ticket, "code": code})).await.ok();
    assert_eq!((done.text("status").as_str(), &done.body["backup_codes_left"]), ("success", &json!(10)));
    rig.get("/2fa/status", By::Session(&done.text("session"))).await.ok();

    rig.post("/login/2fa", By::Nobody, json!({"ticket": ticket, "code": phone.code(rig.next_step())}))
        .await
        .refused(401, "ticket_invalid");
    let again = rig.ticket().await;
    let replayed = rig.post("/login/2fa", By::Nobody, json!({"ticket": again, "code": code})).await;
    assert!(replayed.refused(401, "invalid_code").body["attempts_left"].is_u64());
}

#[tokio::test]
async fn a_backup_code_is_burnt() {
    let rig = Rig::new();
    let (_, _, codes) = rig.enrol().await;
    let used = json!({"ticket": rig.ticket().await, "backup_code": codes[3]});
    assert_eq!(rig.post("/login/2fa", By::Nobody, used).await.ok().body["backup_codes_left"], 9);
    let again = json!({"ticket": rig.ticket().await, "backup_code": codes[3]});
    rig.post("/login/2fa", By::Nobody, again).await.refused(401, "invalid_code");
}

#[tokio::test]
async fn exactly_one_answer_is_taken() {
    let rig = Rig::new();
    let (phone, _, codes) = rig.enrol().await;
    let (ticket, code) = (rig.ticket().await, phone.code(rig.next_step()));
    let both = json!({"ticket": ticket, "code": code, "backup_code": codes[0]});
    rig.post("/login/2fa", By::Nobody, both).await.refused(400, "malformed_request");
    rig.post("/login/2fa", By::Nobody, json!({"ticket": ticket})).await.refused(400, "malformed_request");
    let user = json!({"ticket": ticket, "code": code, "user_id": "user-2"});
    rig.post("/login/2fa", By::Nobody, user).await.refused(400, "malformed_request");
    // None of that cost the ticket anything.
    rig.post("/login/2fa", By::Nobody, json!({"ticket": ticket, "code": code})).await.ok();
}

#[tokio::test]
async fn five_wrong_codes_spend_the_budget() {
    let rig = Rig::new();
    let (phone, _, _) = rig.enrol().await;
    let secs = rig.next_step();
    let ticket = rig.ticket().await;
    for left in (0..5).rev() {
        let wrong = json!({"ticket": ticket, "code": phone.wrong(secs)});
        let answer = rig.post("/login/2fa", By::Nobody, wrong).await.refused(401, "invalid_code");
        assert_eq!(answer.body["attempts_left"], left);
    }
    let right = json!({"ticket": rig.ticket().await, "code": phone.code(secs)});
    let refused = rig.post("/login/2fa", By::Nobody, right).await.refused(429, "rate_limited");
    assert_eq!(refused.headers["retry-after"], refused.body["retry_after"].to_string());
}

#[tokio::test]
async fn a_remembered_device_gets_a_cookie_that_its_host_alone_sees() {
    let rig = Rig::new();
    let (phone, _, _) = rig.enrol().await;
    let body = json!({"ticket": rig.ticket().await, "code": phone.code(rig.next_step()), "remember_device": true});
    let done = rig.post("/login/2fa", By::Nobody, body).await.ok();
    let cookie = done.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-countersign_device="), "{cookie}");
    for attribute in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age=2592000"] {
        assert!(cookie.contains(attribute), "{cookie} lacks {attribute}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    let body = json!({"ticket": rig.ticket().await, "code": phone.code(rig.next_step()), "remember_device": false});
    assert!(!rig.post("/login/2fa", By::Nobody, body).await.ok().headers.contains_key("set-cookie"));
}

#[tokio::test]
async fn where_the_host_fails_nobody_is_signed_in() {
    let rig = Rig::new();
    let (phone, _, _) = rig.enrol().await;
    let body = json!({"ticket": rig.ticket().await, "code": phone.code(rig.next_step())});
    let before = rig.host.rooms().sessions.len();
    rig.host.rooms().down = true;
    rig.post("/login/2fa", By::Nobody, body.clone()).await.refused(503, "unavailable");
    rig.host.rooms().down = false;
    assert_eq!(rig.host.rooms().sessions.len(), before);
    rig.post("/login/2fa", By::Nobody, body).await.refused(401, "ticket_invalid");
}
