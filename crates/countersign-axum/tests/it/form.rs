use http::Method;
use serde_json::json;

use crate::rig::{By, Rig};

#[tokio::test]
async fn a_wrong_method_is_named_and_changes_nothing() {
    let rig = Rig::new();
    let (phone, session, _) = rig.enrol().await;
    let code = phone.code(rig.next_step());
    for (path, allowed) in [
        (format!("/login/2fa?ticket=x&code={code}"), "POST"),
        (format!("/2fa/verify?code={code}"), "POST"),
        (format!("/2fa/disable?code={code}"), "POST"),
    ] {
        let refused = rig.get(&path, By::Session(&session)).await.refused(405, "method_not_allowed");
        assert_eq!(refused.headers["allow"], allowed, "{path}");
        assert!(!refused.body.to_string().contains(&code));
    }
    rig.call(Method::PUT, "/2fa/status", By::Session(&session), None).await.refused(405, "method_not_allowed");
    // The code was not looked at.
    rig.post("/2fa/verify", By::Session(&session), json!({"code": code})).await.ok();
}

#[tokio::test]
async fn what_is_no_code_is_malformed_and_costs_nothing() {
    let rig = Rig::new();
    let (phone, session, _) = rig.enrol().await;
    let code = phone.code(rig.next_step());
    for wrong in
        ["", "12345", "1234567", "+12345", "12345\n", "１２３４５６", "123456\0", "12345a", &"1".repeat(10_000)]
    {
        let body = json!({"code": wrong});
        rig.post("/2fa/verify", By::Session(&session), body).await.refused(400, "malformed_code");
    }
    for wrong in [json!(287_082), json!(["287082"]), json!({"$gt": ""}), json!(null)] {
        let body = json!({"code": wrong});
        rig.post("/2fa/verify", By::Session(&session), body).await.refused(400, "malformed_request");
    }
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    rig.post("/2fa/verify", By::Session(&session), json!({"code": spaced})).await.ok();
}

#[tokio::test]
async fn who_is_not_signed_in_is_told_so_before_anything_is_read() {
    let rig = Rig::new();
    rig.post("/2fa/disable", By::Nobody, json!({"nonsense": true})).await.refused(401, "unauthorized");
    let refused = rig.post("/2fa/setup", By::Bearer("nonsense"), json!({})).await.refused(401, "unauthorized");
    assert_eq!(refused.headers["www-authenticate"], "Bearer");
}
