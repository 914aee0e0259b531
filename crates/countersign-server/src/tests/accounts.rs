use countersign_sqlx::Statement;
use serde_json::json;

use super::rig::{ADA, PASSWORD, Rig};

const ME: &str = "/api/v1/auth/me";

#[tokio::test]
async fn an_address_has_one_account_whatever_its_spelling() {
    let rig = Rig::new().await;
    let made = rig.register("Ada@Example.COM").await;
    assert_eq!((made.status.as_u16(), made.text("status").as_str()), (201, "2fa_setup_required"));
    for spelling in [ADA, "ADA@EXAMPLE.COM", " ada@example.com ", "ada@example.com."] {
        rig.register(spelling).await.refused(409, "user_exists");
        assert_eq!(rig.login(spelling, PASSWORD).await.text("status"), "2fa_setup_required", "{spelling}");
    }
}

#[tokio::test]
async fn what_cannot_be_an_account_is_refused() {
    let rig = Rig::new().await;
    let register = async |email: &str, password: &str| {
        rig.post("/api/v1/auth/register", None, json!({"email": email, "password": password})).await
    };
    for email in ["", "ada", "ada@example", "аda@example.com", "a@example.com, b@example.com"] {
        register(email, PASSWORD).await.refused(400, "invalid_email");
    }
    for password in ["short", "password1", "ada@example.com", &"ab1".repeat(342)] {
        register(ADA, password).await.refused(400, "weak_password");
    }
    rig.post("/api/v1/auth/register", None, json!({"email": [ADA, "eve@example.com"], "password": PASSWORD}))
        .await
        .refused(400, "malformed_request");
    rig.post("/api/v1/auth/register", None, json!({"email": ADA, "password": PASSWORD, "mfa_verified": true}))
        .await
        .refused(400, "malformed_request");
}

#[tokio::test]
async fn where_the_second_factor_is_optional_a_password_signs_in() {
    let rig = Rig::with(&["--require-2fa", "false"]).await;
    let made = rig.register(ADA).await;
    assert_eq!((made.status.as_u16(), made.text("status").as_str()), (201, "success"));
    let me = rig.get(ME, Some(&made.text("access_token"))).await;
    assert_eq!((&me.body["amr"], &me.body["two_factor_enabled"]), (&json!(["pwd"]), &json!(false)));
    assert_eq!(rig.login(ADA, PASSWORD).await.text("status"), "success");
}

#[tokio::test]
async fn a_changed_password_ends_other_sessions() {
    const NEW: &str = "another quiet sentence";
    let rig = Rig::new().await;
    let ada = rig.enrol(ADA).await;
    let mine = ada.first.text("access_token");
    let other = rig.sign_in(ADA, &ada.phone).await.text("access_token");
    let change = async |current: &str, new: &str, code: Option<&str>| {
        let body = json!({"current": current, "new": new, "code": code});
        rig.post("/api/v1/auth/password", Some(&mine), body).await
    };
    let code = rig.next_code(&ada.phone);
    change(PASSWORD, NEW, None).await.refused(401, "insufficient_user_authentication");
    change("wrong", NEW, Some(&code)).await.refused(401, "invalid_credentials");
    change(PASSWORD, "password", Some(&code)).await.refused(400, "weak_password");
    let opened = rig.login(ADA, PASSWORD).await.text("ticket");
    assert_eq!(change(PASSWORD, NEW, Some(&code)).await.status, 204);
    let code = rig.next_code(&ada.phone);
    let late = rig.post("/api/v1/auth/login/2fa", None, json!({"ticket": opened, "code": code})).await;
    late.refused(401, "ticket_invalid");
    assert_eq!(rig.get(ME, Some(&mine)).await.status, 200);
    rig.get(ME, Some(&other)).await.refused(401, "unauthorized");
    rig.login(ADA, PASSWORD).await.refused(401, "invalid_credentials");
    assert_eq!(rig.login(ADA, NEW).await.text("status"), "2fa_required");
}

#[tokio::test]
async fn a_hash_of_another_system_is_replaced_at_the_next_sign_in() {
    let rig = Rig::with(&["--login-limit", "100/15m"]).await;
    rig.register(ADA).await;
    let database = rig.house().await.database;
    // By crypt(3) of libxcrypt, and by Python's hashlib.pbkdf2_hmac.
    for hash in [
        "$2a$10$abcdefghijklmnopqrstuuWmrX/toxJOfiI2ZZ0QfIe.4aART8CiC",
        "$2a$12$abcdefghijklmnopqrstuuyDU6PTWF4b2CFRIh5skvWwp8Mh3el6a",
        "$2b$10$abcdefghijklmnopqrstuuWmrX/toxJOfiI2ZZ0QfIe.4aART8CiC",
        "$2b$12$abcdefghijklmnopqrstuuyDU6PTWF4b2CFRIh5skvWwp8Mh3el6a",
        "$pbkdf2-sha256$i=1000,l=32$MDEyMzQ1Njc4OWFiY2RlZg$4goQCdIvBs6JcmOM1yFvWn+N+0wB+dfOsUycvtM9VdQ",
    ] {
        let imported = Statement::new("UPDATE server_accounts SET password = $1").bind(hash).expect_rows(1);
        assert!(database.write(vec![imported]).await.unwrap().is_done());
        rig.login(ADA, "a quiet sentencE").await.refused(401, "invalid_credentials");
        let stored = async || {
            let rows = database.fetch("SELECT password FROM server_accounts", Vec::new()).await.unwrap();
            rows[0].text(0).unwrap().to_owned()
        };
        assert_eq!(stored().await, hash, "a wrong password replaces nothing");
        for _ in 0..2 {
            assert_eq!(rig.login(ADA, "a quiet sentence").await.text("status"), "2fa_setup_required", "{hash}");
            assert!(stored().await.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        }
    }
}
