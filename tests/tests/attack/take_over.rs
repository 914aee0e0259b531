//! D-20 to D-23: changing the second factor of somebody else's session, or of one's own with the wrong things.

use countersign_tests::{
    client::{Answer, Client, OTHER_PASSWORD, PASSWORD},
    person::{Person, backup_codes},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::case::Case;

pub(crate) async fn d_20_take_over_by_re_enrolment(case: &Case) {
    // A session of the password alone: the password is asked for again.
    let client = case.client();
    let body = json!({"email": case.email("bob"), "password": PASSWORD});
    let token = client.post("/auth/register", None, body).await.done().text("access_token");
    client.post("/2fa/setup", Some(&token), json!({})).await.refused(401, "password_required");
    let wrong = json!({"password": OTHER_PASSWORD});
    client.post("/2fa/setup", Some(&token), wrong).await.refused(401, "invalid_credentials");
    client
        .post("/2fa/disable", Some(&token), json!({"password": PASSWORD}))
        .await
        .refused(401, "insufficient_user_authentication");
    client
        .post("/2fa/backup-codes/regenerate", Some(&token), json!({}))
        .await
        .refused(401, "insufficient_user_authentication");

    // A stolen session that has shown a second factor once: it is asked for again, each time.
    let ada = case.enrol("ada").await;
    let factor = factor(&ada).await;
    let stolen = ada.session.access.as_str();
    for (method, path, body) in [
        (Method::POST, "/api/v1/2fa/setup".to_owned(), json!({})),
        (Method::POST, "/api/v1/2fa/setup".to_owned(), json!({"password": PASSWORD})),
        (Method::POST, "/api/v1/2fa/disable".to_owned(), json!({"password": PASSWORD})),
        (Method::POST, "/api/v1/2fa/backup-codes/regenerate".to_owned(), json!({})),
        (Method::DELETE, format!("/api/v1/2fa/factors/{factor}"), json!({"password": PASSWORD})),
        (Method::POST, "/api/v1/auth/password".to_owned(), json!({"current": PASSWORD, "new": OTHER_PASSWORD})),
    ] {
        let answer = ada.client.call(method.clone(), &path, Some(stolen), Some(body)).await;
        answer.refused(401, "insufficient_user_authentication");
        let challenge = answer.header("www-authenticate").expect("a challenge (RFC 9470)");
        for part in
            ["Bearer ", r#"error="insufficient_user_authentication""#, r#"acr_values="2fa""#, r#"max_age="300""#]
        {
            assert!(challenge.contains(part), "{method} {path}: {challenge}");
        }
    }
    let status = ada.get("/2fa/status").await;
    assert_eq!((&status.body["enabled"], &status.body["backup_codes_left"]), (&json!(true), &json!(10)));
    assert_eq!(status.body["factors"].as_array().map(Vec::len), Some(1));
}

pub(crate) async fn d_21_disable_with_the_wrong_things(case: &Case) {
    let (mut ada, mut eve) = (case.enrol("ada").await, case.enrol("eve").await);
    let code = ada.phone.lasting_code().await;
    ada.post("/2fa/verify", json!({"code": code})).await.done();
    // A step-up gives the session a new cookie, and its token goes on.
    let disable = async |ada: &Person, body: Value| ada.post("/2fa/disable", body).await;
    disable(&ada, json!({"password": PASSWORD})).await.refused(401, "insufficient_user_authentication");
    disable(&ada, json!({"code": code})).await.refused(401, "password_required");
    disable(&ada, json!({"password": PASSWORD, "code": code})).await.refused(401, "invalid_code");
    let stranger = json!({"password": PASSWORD, "backup_code": eve.backup_code()});
    disable(&ada, stranger).await.refused(401, "invalid_code");
    let code = ada.phone.code().await;
    let wrong = json!({"password": OTHER_PASSWORD, "code": code});
    disable(&ada, wrong).await.refused(401, "invalid_credentials");
    let both = json!({"password": PASSWORD, "code": code, "backup_code": ada.backup_codes[0]});
    disable(&ada, both).await.refused(400, "malformed_request");
    assert_eq!(ada.get("/2fa/status").await.body["enabled"], true);
    // The right things: and the code was not used up by the refusals before.
    disable(&ada, json!({"password": PASSWORD, "code": code})).await.done();
    let events = ada.get("/2fa/events").await.done();
    assert!(events.text.contains("turned_off"), "{events:?}");
}

pub(crate) async fn d_22_backup_codes_before_the_second_factor(case: &Case) {
    let client = case.client();
    let email = case.email("ada");
    let token = client.post("/auth/register", None, json!({"email": email, "password": PASSWORD})).await.done();
    let token = token.text("access_token");
    client
        .post("/2fa/backup-codes/regenerate", Some(&token), json!({"code": "123456"}))
        .await
        .refused(403, "2fa_not_enabled");

    let mut bob = case.enrol("bob").await;
    let old = bob.backup_codes.clone();
    let off = json!({"password": PASSWORD, "backup_code": bob.backup_code()});
    bob.post("/2fa/disable", off).await.done();
    // Off: old codes are good for nothing, and none can be made.
    let again = json!({"password": PASSWORD, "backup_code": old[1]});
    bob.post("/2fa/disable", again).await.refused(403, "2fa_not_enabled");
    bob.post("/2fa/backup-codes/regenerate", json!({"code": "123456"})).await.refused(403, "2fa_not_enabled");
    assert_eq!(bob.get("/2fa/status").await.body["backup_codes_left"], 0);
    // On again: the old ones stay dead.
    let setup = bob.post("/2fa/setup", json!({"password": PASSWORD})).await.done();
    let mut phone = countersign_tests::phone::Phone::typed(&setup.text("secret"), 6);
    let code = phone.code().await;
    let enabled = bob.post("/2fa/verify", json!({"code": code})).await.done();
    for code in &old[1..4] {
        bob.client.second_step_by_backup_code(&bob.ticket().await, code).await.refused(401, "invalid_code");
    }
    let new = backup_codes(&enabled);
    bob.client.second_step_by_backup_code(&bob.ticket().await, &new[0]).await.done();
}

pub(crate) async fn d_23_other_sessions_end(case: &Case) {
    // Whatever changes the factors or the password, in one session.
    type Change = fn(&Client, String, String) -> std::pin::Pin<Box<dyn Future<Output = Answer> + Send + '_>>;
    let changes: [(&str, Change); 3] = [
        ("regenerate", |client, token, code| {
            Box::pin(
                async move { client.post("/2fa/backup-codes/regenerate", Some(&token), json!({"code": code})).await },
            )
        }),
        ("disable", |client, token, code| {
            let body = json!({"password": PASSWORD, "code": code});
            Box::pin(async move { client.post("/2fa/disable", Some(&token), body).await })
        }),
        ("password", |client, token, code| {
            let body = json!({"current": PASSWORD, "new": OTHER_PASSWORD, "code": code});
            Box::pin(async move { client.post("/auth/password", Some(&token), body).await })
        }),
    ];
    for (name, change) in changes {
        let mut ada = case.enrol(name).await;
        let other = ada.sign_in_by_backup_code().await;
        assert!(other.is_alive(&ada.client).await);
        let code = ada.phone.code().await;
        change(&ada.client, ada.session.access.clone(), code).await.done();
        other.assert_ended(&ada.client).await;
        assert!(ada.session.is_alive(&ada.client).await, "{name} ended its own session");
    }
    // Adding a factor and removing one.
    let mut ada = case.enrol("ada").await;
    let other = ada.sign_in_by_backup_code().await;
    let backup = ada.backup_code();
    let setup = ada.post("/2fa/setup", json!({"backup_code": backup})).await.done();
    assert!(other.is_alive(&ada.client).await, "what is pending changes nothing");
    let mut second = countersign_tests::phone::Phone::typed(&setup.text("secret"), 6);
    let code = second.code().await;
    let enabled = ada.post("/2fa/verify", json!({"code": code})).await.done();
    other.assert_ended(&ada.client).await;
    ada.session.assert_ended(&ada.client).await;
    ada.session = countersign_tests::person::Session::of(&enabled);
    ada.backup_codes = backup_codes(&enabled);
    ada.used = 0;
    let other = ada.sign_in_by_backup_code().await;
    let first = factor(&ada).await;
    let path = format!("/api/v1/2fa/factors/{first}");
    let body = json!({"code": second.code().await});
    ada.client.call(Method::DELETE, &path, Some(&ada.session.access), Some(body)).await.done();
    other.assert_ended(&ada.client).await;
    assert!(ada.session.is_alive(&ada.client).await);
    // A session ended by hand, and all others.
    // Removing a factor leaves the backup codes as they are.
    let (one, two) = (ada.sign_in_by_backup_code().await, ada.sign_in_by_backup_code().await);
    let sessions = ada.get("/sessions").await.done();
    let listed = sessions.body["sessions"].as_array().expect("sessions");
    assert_eq!(listed.len(), 3, "{sessions:?}");
    ada.client.call(Method::DELETE, "/api/v1/sessions", Some(&ada.session.access), None).await.done();
    one.assert_ended(&ada.client).await;
    two.assert_ended(&ada.client).await;
    let me = ada.get("/auth/me").await;
    assert_eq!(me.status, StatusCode::OK);
}

async fn factor(person: &Person) -> String {
    let status = person.get("/2fa/status").await.done();
    status.body["factors"][0]["factor_id"].as_str().expect("a factor").to_owned()
}
