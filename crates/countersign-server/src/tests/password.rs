use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::Poll,
};

use http::Method;
use serde_json::json;

use super::rig::{ADA, Answer, PASSWORD, Rig, request};

const ME: &str = "/api/v1/auth/me";
const OPTIONAL: [&str; 6] = ["--require-2fa", "false", "--general-limit", "off", "--login-limit", "1000/15m"];
const NEW: &str = "another quiet sentence";
const NEWER: &str = "yet another quiet sentence";

/// Drives a request for so many steps: to its answer, or to wherever it is then.
async fn driven<F: Future<Output = Answer>>(request: &mut Pin<&mut F>, steps: usize) -> Option<Answer> {
    let mut done = 0;
    poll_fn(|cx| {
        done += 1;
        match request.as_mut().poll(cx) {
            Poll::Pending if done < steps => Poll::Pending,
            Poll::Pending => Poll::Ready(None),
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
        }
    })
    .await
}

/// How many tasks there are beside this one.
fn tasks() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}

/// Two sessions of one account that has no second factor.
async fn two_sessions(rig: &Rig, email: &str) -> (String, String) {
    let first = rig.register(email).await.text("access_token");
    (first, rig.login(email, PASSWORD).await.text("access_token"))
}

async fn change(rig: &Rig, session: &str, new: &str) -> Answer {
    rig.post("/api/v1/auth/password", Some(session), json!({"current": PASSWORD, "new": new})).await
}

#[tokio::test]
async fn a_change_goes_on_to_its_end_when_its_client_hangs_up() {
    let rig = Rig::new().await;
    let ada = rig.enrol(ADA).await;
    let (mine, other) = (ada.first.text("access_token"), rig.sign_in(ADA, &ada.phone).await.text("access_token"));
    let ticket = rig.login(ADA, PASSWORD).await.text("ticket");
    let body = json!({"current": PASSWORD, "new": NEW, "code": rig.next_code(&ada.phone)});
    let before = tasks();
    {
        let mut change = pin!(rig.post("/api/v1/auth/password", Some(&mine), body));
        // Until there is a task for it; then nobody waits for the answer any more.
        while tasks() == before {
            let answer = driven(&mut change, 1).await;
            assert!(answer.is_none(), "answered before it had a task of its own: {answer:?}");
            tokio::task::yield_now().await;
        }
    }
    while tasks() > before {
        tokio::task::yield_now().await;
    }
    rig.login(ADA, PASSWORD).await.refused(401, "invalid_credentials");
    assert_eq!(rig.login(ADA, NEW).await.text("status"), "2fa_required");
    rig.get(ME, Some(&other)).await.refused(401, "unauthorized");
    let late = json!({"ticket": ticket, "code": "no code"});
    rig.post("/api/v1/auth/login/2fa", None, late).await.refused(401, "ticket_invalid");
    assert_eq!(rig.get(ME, Some(&mine)).await.status, 200);
}

#[tokio::test]
async fn a_sign_in_on_its_way_does_not_outlive_the_password_it_began_with() {
    let rig = Rig::with(&OPTIONAL).await;
    let (mut steps, mut overtaken) = (0, 0);
    loop {
        steps += 1;
        let email = format!("ada-{steps}@example.com");
        let mine = rig.register(&email).await.text("access_token");
        let mut sign_in = pin!(rig.login(&email, PASSWORD));
        if driven(&mut sign_in, steps).await.is_some() {
            break;
        }
        if change(&rig, &mine, NEW).await.status == 503 {
            // It waited for what the sign-in holds, which does not move here in the meantime.
            continue;
        }
        let late = sign_in.await;
        match late.body["access_token"].as_str() {
            Some(token) => drop(rig.get(ME, Some(token)).await.refused(401, "unauthorized")),
            None => drop(late.refused(401, "invalid_credentials")),
        }
        overtaken += 1;
    }
    assert!(overtaken > 0, "the change never came between");
}

#[tokio::test]
async fn of_two_changes_of_one_password_one_is_done() {
    let rig = Rig::with(&OPTIONAL).await;
    let mut steps = 0;
    loop {
        steps += 1;
        let email = format!("ada-{steps}@example.com");
        let (mine, other) = two_sessions(&rig, &email).await;
        let mut first = pin!(change(&rig, &mine, NEW));
        if driven(&mut first, steps).await.is_some() {
            break;
        }
        let second = change(&rig, &other, NEWER).await;
        let first = first.await;
        assert_eq!([&first, &second].iter().filter(|answer| answer.status == 204).count(), 1, "{first:?} {second:?}");
        let stands = if second.status == 204 { NEWER } else { NEW };
        assert_eq!(rig.login(&email, stands).await.status, 200, "{steps}");
    }
    assert!(steps > 1, "they were never under way at the same time");
}

#[tokio::test]
async fn strangers_spend_no_tries_of_somebody_who_is_signed_in() {
    let rig = Rig::with(&["--require-2fa", "false", "--general-limit", "off", "--login-limit", "2/15m"]).await;
    let mine = rig.register(ADA).await.text("access_token");
    for network in 0..11 {
        let from = request(Method::POST, "/api/v1/auth/login", &format!("198.51.{network}.1"));
        drop(rig.send(from, Some(json!({"email": ADA, "password": "wrong password"}))).await);
    }
    for _ in 0..9 {
        drop(rig.login(ADA, "wrong password").await);
    }
    rig.login(ADA, PASSWORD).await.refused(429, "rate_limited");
    assert_eq!(rig.post("/api/v1/2fa/setup", Some(&mine), json!({"password": PASSWORD})).await.status, 200);
    assert_eq!(change(&rig, &mine, NEW).await.status, 204);
    // A stolen session has a budget, too.
    for _ in 0..2 {
        change(&rig, &mine, NEWER).await.refused(401, "invalid_credentials");
    }
    change(&rig, &mine, NEWER).await.refused(429, "rate_limited");
}
