use serde_json::json;

use super::rig::{ADA, Answer, Rig};

const ME: &str = "/api/v1/auth/me";

on_both_engines! {
    an_access_token_lasts_ten_minutes_and_is_refreshed,
    a_lost_answer_may_be_asked_for_again_while_its_successor_is_unused,
    a_spent_token_that_comes_back_late_ends_the_family,
    of_many_at_once_all_get_the_same_successor,
    one_kind_of_token_is_never_taken_for_another,
    after_ten_seconds_the_same_answer_is_not_given_again,
}

async fn refresh(rig: &Rig, token: &str) -> Answer {
    rig.post("/api/v1/auth/refresh", None, json!({"refresh_token": token})).await
}

async fn an_access_token_lasts_ten_minutes_and_is_refreshed(rig: Rig) {
    let first = rig.enrol(ADA).await.first;
    rig.wait(600);
    rig.get(ME, Some(&first.text("access_token"))).await.refused(401, "unauthorized");
    let next = refresh(&rig, &first.text("refresh_token")).await;
    assert_eq!((next.text("token_type").as_str(), &next.body["expires_in"]), ("Bearer", &json!(600)));
    assert_eq!(rig.get(ME, Some(&next.text("access_token"))).await.status, 200);
}

async fn a_lost_answer_may_be_asked_for_again_while_its_successor_is_unused(rig: Rig) {
    let first = rig.enrol(ADA).await.first.text("refresh_token");
    let second = refresh(&rig, &first).await.text("refresh_token");
    rig.wait(10);
    assert_eq!(refresh(&rig, &first).await.text("refresh_token"), second);
    refresh(&rig, &second).await.text("refresh_token");
    // Its successor is used now: whoever has the first one has a copy.
    refresh(&rig, &first).await.refused(401, "token_reuse");
}

async fn a_spent_token_that_comes_back_late_ends_the_family(rig: Rig) {
    let first = rig.enrol(ADA).await.first.text("refresh_token");
    let second = refresh(&rig, &first).await;
    let third = refresh(&rig, &second.text("refresh_token")).await;
    rig.wait(11);
    assert_eq!(rig.get(ME, Some(&third.text("access_token"))).await.status, 200);
    refresh(&rig, &first).await.refused(401, "token_reuse");
    refresh(&rig, &third.text("refresh_token")).await.refused(401, "token_invalid");
    rig.get(ME, Some(&third.text("access_token"))).await.refused(401, "unauthorized");
}

async fn of_many_at_once_all_get_the_same_successor(rig: Rig) {
    let first = rig.enrol(ADA).await.first.text("refresh_token");
    let (a, b, c) = tokio::join!(refresh(&rig, &first), refresh(&rig, &first), refresh(&rig, &first));
    assert_eq!(a.text("refresh_token"), b.text("refresh_token"));
    assert_eq!(b.text("refresh_token"), c.text("refresh_token"));
}

async fn one_kind_of_token_is_never_taken_for_another(rig: Rig) {
    let ada = rig.enrol(ADA).await;
    let ticket = rig.login(ADA, super::rig::PASSWORD).await.text("ticket");
    let cookie = ada.first.cookie();
    let cookie = cookie.split_once('=').unwrap().1;
    for token in [&ticket, &ada.first.text("refresh_token"), cookie] {
        rig.get(ME, Some(token)).await.refused(401, "unauthorized");
        let unknown = refresh(&rig, token).await;
        assert!(*token == ada.first.text("refresh_token") || unknown.status == 401, "{unknown:?}");
    }
    refresh(&rig, &ada.first.text("access_token")).await.refused(401, "token_invalid");
}

async fn after_ten_seconds_the_same_answer_is_not_given_again(rig: Rig) {
    let first = rig.enrol(ADA).await.first.text("refresh_token");
    let second = refresh(&rig, &first).await.text("refresh_token");
    rig.wait(11);
    refresh(&rig, &first).await.refused(401, "token_reuse");
    refresh(&rig, &second).await.refused(401, "token_invalid");
}
