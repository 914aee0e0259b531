use http::header::WWW_AUTHENTICATE;
use serde_json::json;

use crate::{
    host::PASSWORD,
    phone::Phone,
    rig::{By, Rig},
};

#[tokio::test]
async fn a_set_up_token_opens_set_up_and_nothing_else() {
    let rig = Rig::new();
    let token = rig.setup_token().await;
    for (path, body) in [
        ("/2fa/disable", json!({})),
        ("/2fa/backup-codes/regenerate", json!({})),
        ("/2fa/disable", json!({"code": "1"})),
    ] {
        rig.post(path, By::Bearer(&token), body).await.refused(401, "unauthorized");
    }
    for path in ["/2fa/status", "/2fa/events"] {
        rig.get(path, By::Bearer(&token)).await.refused(401, "unauthorized");
    }
    // Nothing is pending, and a set-up token never steps up.
    rig.post("/2fa/verify", By::Bearer(&token), json!({"code": "123456"})).await.refused(409, "nothing_pending");
    assert!(!rig.host.rooms().enrolled);
    let setup = rig.post("/2fa/setup", By::Bearer(&token), json!({"digits": 8, "algorithm": "SHA256"})).await.ok();
    assert_eq!((setup.body["digits"].as_u64(), setup.text("algorithm").as_str()), (Some(8), "SHA256"));
    assert!(
        setup.text("qr_svg").starts_with("<svg") && setup.text("qr_png").starts_with("data:image/png;base64,iVBOR")
    );
    let code = Phone::scan(&setup.body).code(rig.secs());
    rig.post("/2fa/verify", By::Bearer(&token), json!({"code": code})).await.ok();
    // It died with the confirmation.
    rig.post("/2fa/setup", By::Bearer(&token), json!({})).await.refused(401, "unauthorized");
    rig.post("/2fa/verify", By::Bearer(&token), json!({"code": code})).await.refused(401, "unauthorized");
}

#[tokio::test]
async fn the_ticket_of_a_sign_in_opens_none_of_these_routes() {
    let rig = Rig::new();
    rig.enrol().await;
    let ticket = rig.ticket().await;
    for path in ["/2fa/setup", "/2fa/verify", "/2fa/disable", "/2fa/backup-codes/regenerate"] {
        rig.post(path, By::Bearer(&ticket), json!({"code": "123456"})).await.refused(401, "unauthorized");
        rig.post(path, By::Nobody, json!({"code": "123456"})).await.refused(401, "unauthorized");
    }
}

#[tokio::test]
async fn a_session_without_a_live_factor_shows_the_password() {
    let rig = Rig::with(|policy| policy.required(false));
    let session = rig.host.password_session(&rig.user);
    let by = By::Session(&session);
    rig.post("/2fa/setup", by, json!({})).await.refused(401, "password_required");
    rig.post("/2fa/setup", by, json!({"password": "wrong"})).await.refused(401, "invalid_credentials");
    rig.post("/2fa/verify", by, json!({"code": "123456"})).await.refused(403, "2fa_not_enabled");
    assert!(!rig.host.rooms().enrolled);
    let setup = rig.post("/2fa/setup", by, json!({"password": PASSWORD})).await.ok();
    let phone = Phone::scan(&setup.body);
    rig.post("/2fa/verify", by, json!({"code": phone.wrong(rig.secs())})).await.refused(401, "invalid_code");
    // The host remembers before a factor can be live.
    assert!(rig.host.rooms().enrolled);
    let code = phone.code(rig.secs());
    rig.post("/2fa/verify", by, json!({"code": code, "factor_id": "00".repeat(16)}))
        .await
        .refused(409, "nothing_pending");
    let enabled = rig.post("/2fa/verify", by, json!({"code": code, "factor_id": setup.text("factor_id")})).await.ok();
    assert_eq!(
        (enabled.text("status").as_str(), enabled.body["backup_codes"].as_array().unwrap().len()),
        ("enabled", 10)
    );
    // A new session in place of the one that knew the password alone.
    rig.get("/2fa/status", by).await.refused(401, "unauthorized");
    rig.get("/2fa/status", By::Session(&enabled.text("session"))).await.ok();
}

#[tokio::test]
async fn nothing_is_confirmed_that_the_host_could_not_remember() {
    let rig = Rig::new();
    let token = rig.setup_token().await;
    let setup = rig.post("/2fa/setup", By::Bearer(&token), json!({})).await.ok();
    let code = json!({"code": Phone::scan(&setup.body).code(rig.secs())});
    rig.host.rooms().down = true;
    rig.post("/2fa/verify", By::Bearer(&token), code.clone()).await.refused(503, "unavailable");
    rig.host.rooms().down = false;
    rig.post("/2fa/verify", By::Bearer(&token), code).await.ok();
}

#[tokio::test]
async fn beside_a_live_factor_set_up_asks_for_its_code() {
    let rig = Rig::new();
    let (phone, session, codes) = rig.enrol().await;
    let by = By::Session(&session);
    for body in [json!({}), json!({"password": PASSWORD})] {
        let refused = rig.post("/2fa/setup", by, body).await.refused(401, "insufficient_user_authentication");
        let challenge = refused.headers[WWW_AUTHENTICATE].to_str().unwrap();
        assert!(challenge.contains("max_age=\"300\""), "{challenge}");
    }
    let secs = rig.next_step();
    rig.post("/2fa/setup", by, json!({"code": phone.wrong(secs)})).await.refused(401, "invalid_code");
    rig.post("/2fa/setup", by, json!({"code": phone.code(secs), "name": "Tablet"})).await.ok();
    let status = rig.get("/2fa/status", by).await.ok();
    assert_eq!(status.body["factors"].as_array().unwrap().len(), 1);
    // The live one is live until the new one is confirmed.
    let sign_in = json!({"ticket": rig.ticket().await, "code": phone.code(rig.next_step())});
    rig.post("/login/2fa", By::Nobody, sign_in).await.ok();
    let second = rig.post("/2fa/setup", by, json!({"backup_code": codes[0], "name": "Tablet"})).await.ok();
    let code = Phone::scan(&second.body).code(rig.secs());
    let enabled = rig.post("/2fa/verify", by, json!({"code": code})).await.ok();
    let status = rig.get("/2fa/status", By::Session(&enabled.text("session"))).await.ok();
    assert_eq!(status.body["factors"][1]["name"], "Tablet");
}

#[tokio::test]
async fn what_a_new_factor_may_be_is_bounded() {
    let rig = Rig::new();
    let token = rig.setup_token().await;
    for body in [
        json!({"digits": 7}),
        json!({"digits": 0}),
        json!({"digits": 4_294_967_302_u64}),
        json!({"digits": "6"}),
        json!({"digits": 6.0}),
        json!({"algorithm": "MD5"}),
        json!({"algorithm": ""}),
        json!({"name": ""}),
        json!({"name": "a\nb"}),
        json!({"name": "a".repeat(65)}),
        json!({"secret": "JBSWY3DPEHPK3PXP"}),
        json!({"period": 1}),
    ] {
        rig.post("/2fa/setup", By::Bearer(&token), body.clone()).await.refused(400, "malformed_request");
    }
    // An empty body is a set-up with nothing said about it.
    rig.call(http::Method::POST, "/2fa/setup", By::Bearer(&token), None).await.ok();
}
