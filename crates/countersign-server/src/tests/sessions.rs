use countersign::{Epoch, clock::Clock as _, store::UserId, vault::Purpose};
use countersign_sqlx::DbError;
use http::{Method, header::COOKIE};
use serde_json::json;

use super::rig::{ADA, Answer, Rig, request};
use crate::{
    devices::Sighting,
    serve::House,
    sessions::{Began, NewSession},
};

const ME: &str = "/api/v1/auth/me";
const SESSIONS: &str = "/api/v1/sessions";

on_both_engines! {
    half_an_hour_unused_or_a_day_end_a_session,
    signing_out_ends_cookie_access_token_and_refresh_token_at_once,
    a_step_up_gives_a_new_cookie_and_the_old_one_is_dead,
    a_planted_session_id_is_never_taken_over,
    ones_own_sessions_can_be_listed_and_ended,
    a_forgotten_device_takes_its_sessions_with_it,
    a_sign_in_from_a_new_device_is_an_event_once,
    the_newest_fifty_sessions_and_devices_stay,
    a_session_that_replaces_another_ends_that_alone,
    a_session_of_nobody_leaves_nothing_behind,
    a_session_begins_on_the_word_of_the_stored_password_alone,
}

async fn half_an_hour_unused_or_a_day_end_a_session(rig: Rig) {
    let ada = rig.enrol(ADA).await;
    let cookie = ada.first.cookie();
    let me = async || rig.send(request(Method::GET, ME, "192.0.2.1").header(COOKIE, &cookie), None).await;
    for _ in 0..57 {
        rig.wait(25 * 60);
        assert_eq!(me().await.status, 200);
    }
    rig.wait(20 * 60);
    me().await.refused(401, "unauthorized");

    let cookie = rig.sign_in(ADA, &ada.phone).await.cookie();
    rig.wait(30 * 60);
    rig.send(request(Method::GET, ME, "192.0.2.1").header(COOKIE, &cookie), None).await.refused(401, "unauthorized");
}

async fn signing_out_ends_cookie_access_token_and_refresh_token_at_once(rig: Rig) {
    let first = rig.enrol(ADA).await.first;
    let token = first.text("access_token");
    let out = rig.post("/api/v1/auth/logout", Some(&token), json!({})).await;
    assert_eq!(out.status, 204);
    assert!(out.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(out.headers["clear-site-data"], "\"cache\", \"storage\"", "a known device stays one");
    rig.get(ME, Some(&token)).await.refused(401, "unauthorized");
    rig.send(request(Method::GET, ME, "192.0.2.1").header(COOKIE, first.cookie()), None)
        .await
        .refused(401, "unauthorized");
    let refresh = json!({"refresh_token": first.text("refresh_token")});
    rig.post("/api/v1/auth/refresh", None, refresh).await.refused(401, "token_invalid");
}

async fn a_step_up_gives_a_new_cookie_and_the_old_one_is_dead(rig: Rig) {
    let ada = rig.enrol(ADA).await;
    let old = ada.first.cookie();
    let code = rig.next_code(&ada.phone);
    let verify = request(Method::POST, "/api/v1/2fa/verify", "192.0.2.1")
        .header(COOKIE, &old)
        .header("origin", "http://127.0.0.1:8080");
    let raised = rig.send(verify, Some(json!({ "code": code }))).await;
    assert_eq!(raised.text("status"), "verified");
    assert_ne!(raised.cookie(), old);
    rig.send(request(Method::GET, ME, "192.0.2.1").header(COOKIE, &old), None).await.refused(401, "unauthorized");
    let me = rig.send(request(Method::GET, ME, "192.0.2.1").header(COOKIE, raised.cookie()), None).await;
    assert_eq!(me.status, 200);
    // The access token of the same session goes on.
    assert_eq!(rig.get(ME, Some(&ada.first.text("access_token"))).await.status, 200);
}

async fn a_planted_session_id_is_never_taken_over(rig: Rig) {
    let login = request(Method::POST, "/api/v1/auth/login", "192.0.2.1")
        .header(COOKIE, "countersign_session=planted")
        .header("origin", "http://127.0.0.1:8080");
    let ada = rig.enrol(ADA).await;
    let body = json!({"email": ADA, "password": super::rig::PASSWORD});
    let ticket = rig.send(login, Some(body)).await.text("ticket");
    let code = rig.next_code(&ada.phone);
    let second = request(Method::POST, "/api/v1/auth/login/2fa", "192.0.2.1")
        .header(COOKIE, "countersign_session=planted")
        .header("origin", "http://127.0.0.1:8080");
    let done = rig.send(second, Some(json!({"ticket": ticket, "code": code}))).await;
    assert!(!done.cookie().contains("planted"));
    let planted = request(Method::GET, ME, "192.0.2.1").header(COOKIE, "countersign_session=planted");
    rig.send(planted, None).await.refused(401, "unauthorized");
}

async fn ones_own_sessions_can_be_listed_and_ended(rig: Rig) {
    let ada = rig.enrol(ADA).await;
    let (mine, second) = (ada.first.text("access_token"), rig.sign_in(ADA, &ada.phone).await.text("access_token"));
    let third = rig.sign_in(ADA, &ada.phone).await.text("access_token");
    let listed = rig.get(SESSIONS, Some(&mine)).await;
    let sessions = listed.body["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 3);
    assert_eq!(sessions.iter().filter(|session| session["current"] == true).count(), 1);
    assert_eq!(sessions[0]["address"], "192.0.2.0/24");

    let eve = rig.enrol("eve@example.com").await.first.text("access_token");
    let path = format!("{SESSIONS}/{}", sessions[0]["id"].as_str().unwrap());
    rig.call(Method::DELETE, &path, Some(&eve), None).await.refused(404, "not_found");
    assert_eq!(rig.get(ME, Some(&third)).await.status, 200);
    assert_eq!(rig.call(Method::DELETE, &path, Some(&mine), None).await.status, 204);
    rig.get(ME, Some(&third)).await.refused(401, "unauthorized");
    rig.call(Method::DELETE, &path, Some(&mine), None).await.refused(404, "not_found");

    assert_eq!(rig.call(Method::DELETE, SESSIONS, Some(&mine), None).await.status, 204);
    rig.get(ME, Some(&second)).await.refused(401, "unauthorized");
    assert_eq!(rig.get(ME, Some(&mine)).await.status, 200);
    assert_eq!(rig.get(ME, Some(&eve)).await.status, 200);
}

async fn a_forgotten_device_takes_its_sessions_with_it(rig: Rig) {
    let ada = rig.enrol(ADA).await;
    let mine = ada.first.text("access_token");
    let ticket = rig.login(ADA, super::rig::PASSWORD).await.text("ticket");
    let code = rig.next_code(&ada.phone);
    let firefox = request(Method::POST, "/api/v1/auth/login/2fa", "198.51.100.7")
        .header("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0");
    let other = rig.send(firefox, Some(json!({"ticket": ticket, "code": code}))).await.text("access_token");
    let devices = rig.get("/api/v1/devices", Some(&mine)).await;
    let devices = devices.body["devices"].as_array().unwrap();
    assert_eq!(devices.len(), 2);
    assert_eq!(
        (&devices[0]["device"], &devices[0]["address"]),
        (&json!("Firefox on Linux"), &json!("198.51.100.0/24"))
    );
    assert_eq!((&devices[0]["current"], &devices[1]["current"]), (&json!(false), &json!(true)));
    let path = format!("/api/v1/devices/{}", devices[0]["id"].as_str().unwrap());
    assert_eq!(rig.call(Method::DELETE, &path, Some(&mine), None).await.status, 204);
    rig.get(ME, Some(&other)).await.refused(401, "unauthorized");
    assert_eq!(rig.get(ME, Some(&mine)).await.status, 200);
}

async fn a_sign_in_from_a_new_device_is_an_event_once(rig: Rig) {
    let ada = rig.enrol(ADA).await;
    let news = async |session: &str| {
        let events = rig.get("/api/v1/2fa/events", Some(session)).await;
        let events = events.body["events"].as_array().unwrap().clone();
        events.iter().filter(|event| event["kind"] == "new_device").count()
    };
    // The first device of an account is no news, nor is the same one again.
    assert_eq!(news(&ada.first.text("access_token")).await, 0);
    let again = rig.sign_in(ADA, &ada.phone).await.text("access_token");
    assert_eq!(news(&again).await, 0);
    for _ in 0..2 {
        let ticket = rig.login(ADA, super::rig::PASSWORD).await.text("ticket");
        let code = rig.next_code(&ada.phone);
        let elsewhere = request(Method::POST, "/api/v1/auth/login/2fa", "198.51.100.7");
        let session = rig.send(elsewhere, Some(json!({"ticket": ticket, "code": code}))).await.text("access_token");
        assert_eq!(news(&session).await, 1);
    }
    let session = rig.sign_in(ADA, &ada.phone).await.text("access_token");
    assert_eq!(news(&session).await, 1);
}

async fn the_newest_fifty_sessions_and_devices_stay(rig: Rig) {
    let ada = rig.enrol(ADA).await;
    let mut last = String::new();
    for number in 0..52 {
        let ticket = rig.login(ADA, super::rig::PASSWORD).await.text("ticket");
        let code = rig.next_code(&ada.phone);
        let from = request(Method::POST, "/api/v1/auth/login/2fa", &format!("10.0.{number}.1"));
        last = rig.send(from, Some(json!({"ticket": ticket, "code": code}))).await.text("access_token");
    }
    for (path, member) in [(SESSIONS, "sessions"), ("/api/v1/devices", "devices")] {
        let listed = rig.get(path, Some(&last)).await;
        assert_eq!(listed.body[member].as_array().unwrap().len(), 50, "{member}");
    }
    let first = request(Method::GET, ME, "192.0.2.1").header(COOKIE, ada.first.cookie());
    rig.send(first, None).await.refused(401, "unauthorized");
}

async fn a_session_that_replaces_another_ends_that_alone(rig: Rig) {
    let ada = rig.enrol(ADA).await.first;
    let eve = rig.enrol("eve@example.com").await.first;
    let house = rig.house().await;
    let session = async |answer: &Answer| {
        let listed = rig.get(SESSIONS, Some(&answer.text("access_token"))).await;
        listed.body["sessions"][0]["id"].as_str().unwrap().to_owned()
    };
    let (user, hers, old) = (user(&rig, &ada).await, session(&eve).await, session(&ada).await);
    let begin = async |id: &str, replaces: &str| {
        let new = begun(&user, id, Some(replaces), &house);
        house.sessions().begin(new, rig.clock.now().unwrap()).await.unwrap()
    };
    assert_eq!(begin("one", &hers).await, Began::OnNewDevice);
    assert_eq!(
        rig.get(ME, Some(&eve.text("access_token"))).await.status,
        200,
        "another's is not replaced by naming it"
    );
    assert_eq!(rig.get(ME, Some(&ada.text("access_token"))).await.status, 200);
    assert_eq!(begin("two", &old).await, Began::OnKnownDevice);
    rig.get(ME, Some(&ada.text("access_token"))).await.refused(401, "unauthorized");
    let left = house.sessions().of(&user, rig.clock.now().unwrap()).await.unwrap();
    let mut left: Vec<_> = left.iter().map(|session| (&*session.id, &*session.device)).collect();
    left.sort_unstable();
    assert_eq!(left, [("one", "one"), ("two", "one")]);
}

async fn a_session_of_nobody_leaves_nothing_behind(rig: Rig) {
    let house = rig.house().await;
    let nobody = UserId::new("nobody").unwrap();
    let new = begun(&nobody, "one", None, &house);
    let refused = house.sessions().begin(new, rig.clock.now().unwrap()).await;
    assert!(matches!(refused, Err(DbError::Constraint(_))), "{refused:?}");
    for count in [
        "SELECT COUNT(*) FROM server_devices",
        "SELECT COUNT(*) FROM server_sessions",
        "SELECT COUNT(*) FROM server_refresh_tokens",
    ] {
        let rows = house.database.fetch(count, Vec::new()).await.unwrap();
        assert_eq!(rows[0].i64(0).unwrap(), 0, "{count}");
    }
}

async fn a_session_begins_on_the_word_of_the_stored_password_alone(rig: Rig) {
    let ada = rig.enrol(ADA).await.first;
    let (house, user) = (rig.house().await, user(&rig, &ada).await);
    let rows = house.database.fetch("SELECT password FROM server_accounts", Vec::new()).await.unwrap();
    let stored = rows[0].text(0).unwrap();
    for (id, password, began) in [("one", "another", Began::OtherPassword), ("two", stored, Began::OnNewDevice)] {
        let new = NewSession { password: Some(password), ..begun(&user, id, None, &house) };
        assert_eq!(house.sessions().begin(new, rig.clock.now().unwrap()).await.unwrap(), began);
    }
    let left = house.sessions().of(&user, rig.clock.now().unwrap()).await.unwrap();
    let mut left: Vec<_> = left.iter().map(|session| &*session.id).filter(|id| id.len() == 3).collect();
    left.sort_unstable();
    assert_eq!(left, ["two"]);
}

async fn user(rig: &Rig, answer: &Answer) -> UserId {
    UserId::new(rig.get(ME, Some(&answer.text("access_token"))).await.text("user_id")).unwrap()
}

/// A session on one and the same device, which is called as the session is if it is new.
fn begun<'a>(user: &'a UserId, id: &'a str, replaces: Option<&'a str>, house: &House) -> NewSession<'a> {
    let sighting = Sighting {
        name: "Firefox on Linux".to_owned(),
        network: "198.51.100.0/24".to_owned(),
        fingerprint: house.vault.lookup_hash(Purpose::new("countersign-server/device"), b"a device"),
        new_id: id.to_owned(),
        address: String::new(),
        key: house.vault.key_ring().active_id().to_string(),
        rekeyed: Vec::new(),
    };
    let (epoch, second_factor_at) = (Epoch::new(0), None);
    NewSession { id, cookie: id, refresh_token: id, user, epoch, second_factor_at, password: None, sighting, replaces }
}
