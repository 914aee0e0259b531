use http::{Method, StatusCode};
use serde_json::json;

use crate::{
    host::PASSWORD,
    phone::Phone,
    rig::{By, Rig},
};

#[tokio::test]
async fn new_backup_codes_replace_the_old_ones_and_end_other_sessions() {
    let rig = Rig::new();
    let (phone, session, old) = rig.enrol().await;
    let sign_in = json!({"ticket": rig.ticket().await, "code": phone.code(rig.next_step())});
    let other = rig.post("/login/2fa", By::Nobody, sign_in).await.ok().text("session");
    let by = By::Session(&session);
    rig.post("/2fa/backup-codes/regenerate", by, json!({})).await.refused(401, "insufficient_user_authentication");
    let code = json!({"code": phone.code(rig.next_step())});
    let new = rig.post("/2fa/backup-codes/regenerate", by, code).await.ok();
    rig.get("/2fa/status", By::Session(&other)).await.refused(401, "unauthorized");
    assert_eq!(rig.get("/2fa/status", by).await.ok().body["backup_codes_left"], 10);
    let dead = json!({"ticket": rig.ticket().await, "backup_code": old[0]});
    rig.post("/login/2fa", By::Nobody, dead).await.refused(401, "invalid_code");
    let good = json!({"ticket": rig.ticket().await, "backup_code": new.body["backup_codes"][0]});
    rig.post("/login/2fa", By::Nobody, good).await.ok();
}

#[tokio::test]
async fn a_session_of_an_earlier_epoch_is_over_even_if_the_host_still_has_it() {
    let rig = Rig::new();
    let (phone, session, _) = rig.enrol().await;
    let sign_in = json!({"ticket": rig.ticket().await, "code": phone.code(rig.next_step())});
    let other = rig.post("/login/2fa", By::Nobody, sign_in).await.ok().text("session");
    let forgotten = rig.host.rooms().sessions[&other].clone();
    let code = json!({"code": phone.code(rig.next_step())});
    rig.post("/2fa/backup-codes/regenerate", By::Session(&session), code).await.ok();
    // As if the process had died before the host could end it.
    rig.host.rooms().sessions.insert(other.clone(), forgotten);
    rig.get("/2fa/status", By::Session(&other)).await.refused(401, "unauthorized");
}

#[tokio::test]
async fn turning_it_off_takes_password_and_code() {
    let rig = Rig::with(|policy| policy.required(false));
    let session = rig.host.password_session(&rig.user);
    let setup = rig.post("/2fa/setup", By::Session(&session), json!({"password": PASSWORD})).await.ok();
    let phone = Phone::scan(&setup.body);
    let code = json!({"code": phone.code(rig.secs())});
    let session = rig.post("/2fa/verify", By::Session(&session), code).await.ok().text("session");
    let by = By::Session(&session);
    let code = phone.code(rig.next_step());
    rig.post("/2fa/disable", by, json!({"password": PASSWORD})).await.refused(401, "insufficient_user_authentication");
    rig.post("/2fa/disable", by, json!({"code": code})).await.refused(401, "password_required");
    rig.post("/2fa/disable", by, json!({"password": "wrong", "code": code})).await.refused(401, "invalid_credentials");
    let off = rig.post("/2fa/disable", by, json!({"password": PASSWORD, "code": code})).await.ok();
    assert_eq!(off.body, json!({"status": "disabled"}));
    assert_eq!(rig.get("/2fa/status", by).await.ok().body["enabled"], false);
    rig.post("/2fa/backup-codes/regenerate", by, json!({"code": code})).await.refused(403, "2fa_not_enabled");
    rig.post("/2fa/disable", by, json!({"password": PASSWORD, "code": code})).await.refused(403, "2fa_not_enabled");
}

#[tokio::test]
async fn where_the_policy_demands_it_the_last_factor_stays() {
    let rig = Rig::new();
    let (phone, session, _) = rig.enrol().await;
    let by = By::Session(&session);
    let body = json!({"password": PASSWORD, "code": phone.code(rig.next_step())});
    rig.post("/2fa/disable", by, body.clone()).await.refused(403, "2fa_required_by_policy");
    let factor = rig.get("/2fa/status", by).await.ok().body["factors"][0]["factor_id"].as_str().unwrap().to_owned();
    let path = format!("/2fa/factors/{factor}");
    rig.call(Method::DELETE, &path, by, Some(body)).await.refused(403, "2fa_required_by_policy");
    assert_eq!(rig.get("/2fa/status", by).await.ok().body["enabled"], true);
}

#[tokio::test]
async fn one_of_two_factors_goes_by_a_code() {
    let rig = Rig::new();
    let (phone, session, _) = rig.enrol().await;
    let by = By::Session(&session);
    let setup = rig.post("/2fa/setup", by, json!({"code": phone.code(rig.next_step())})).await.ok();
    let tablet = Phone::scan(&setup.body);
    let session = rig.post("/2fa/verify", by, json!({"code": tablet.code(rig.secs())})).await.ok().text("session");
    let by = By::Session(&session);
    let path = format!("/2fa/factors/{}", setup.text("factor_id"));

    rig.call(Method::PATCH, &path, by, Some(json!({"name": "Tablet"}))).await.ok();
    assert_eq!(rig.get("/2fa/status", by).await.ok().body["factors"][1]["name"], "Tablet");
    rig.call(Method::PATCH, &path, by, Some(json!({"name": " "}))).await.refused(400, "malformed_request");
    for unknown in ["/2fa/factors/1", &format!("/2fa/factors/{}", "0".repeat(32))] {
        rig.call(Method::PATCH, unknown, by, Some(json!({"name": "x"}))).await.refused(404, "not_found");
        rig.call(Method::DELETE, unknown, by, Some(json!({"code": "123456"}))).await.refused(404, "not_found");
    }
    rig.call(Method::DELETE, &path, by, Some(json!({}))).await.refused(401, "insufficient_user_authentication");
    let gone = rig.call(Method::DELETE, &path, by, Some(json!({"code": phone.code(rig.next_step())}))).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{gone:?}");
    assert_eq!(rig.get("/2fa/status", by).await.ok().body["factors"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn events_name_what_happened_and_no_address() {
    let rig = Rig::new();
    let (_, session, _) = rig.enrol().await;
    let events = rig.get("/2fa/events", By::Session(&session)).await.ok();
    let kinds: Vec<_> = events.body["events"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["factor_added", "enrolment_begun"]);
    assert!(events.body["events"][0]["detail"]["address"].is_null());
}
