//! What sequential cases cannot show: many callers let go at one moment, on all instances.

use std::sync::Arc;

use countersign_tests::client::{Answer, Client};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::{sync::Barrier, task::JoinSet};

use crate::case::Case;

pub(crate) async fn of_fifty_callers_with_one_code_one_is_let_in(case: &Case) {
    // A budget of answers is each person's own, and a race is a matter of luck: three of them.
    for name in ["ada", "bob", "eve"] {
        let mut person = case.enrol(name).await;
        let mut tickets = Vec::new();
        for _ in 0..5 {
            tickets.push(person.ticket().await);
        }
        let code = person.phone.lasting_code().await;
        let bodies = (0..50).map(|n| json!({"ticket": tickets[n % tickets.len()], "code": code}));
        let answers = at_once(&person.client, bodies).await;
        let accepted = answers.iter().filter(|answer| answer.status == StatusCode::OK).count();
        let refused = answers.iter().filter(|answer| answer.status == StatusCode::UNAUTHORIZED).count();
        assert_eq!((accepted, refused), (1, 49), "{answers:?}");
    }
}

pub(crate) async fn two_hundred_wrong_codes_at_once_get_five_answers(case: &Case) {
    let ada = case.enrol("ada").await;
    let mut tickets = Vec::new();
    for _ in 0..5 {
        tickets.push(ada.ticket().await);
    }
    let wrong = ada.phone.wrong();
    let bodies = (0..200).map(|n| json!({"ticket": tickets[n % tickets.len()], "code": wrong}));
    let answers = at_once(&ada.client, bodies).await;
    let looked_at = answers.iter().filter(|answer| answer.code() == "invalid_code").count();
    assert_eq!(looked_at, 5, "{answers:?}");
    assert!(answers.iter().all(|answer| ["invalid_code", "rate_limited"].contains(&answer.code())), "{answers:?}");
}

pub(crate) async fn of_twenty_callers_with_one_backup_code_one_is_let_in(case: &Case) {
    let mut ada = case.enrol("ada").await;
    let mut tickets = Vec::new();
    for _ in 0..5 {
        tickets.push(ada.ticket().await);
    }
    let code = ada.backup_code();
    let bodies = (0..20).map(|n| json!({"ticket": tickets[n % tickets.len()], "backup_code": code}));
    let answers = at_once(&ada.client, bodies).await;
    let accepted: Vec<_> = answers.iter().filter(|answer| answer.status == StatusCode::OK).collect();
    assert_eq!(accepted.len(), 1, "{answers:?}");
    assert_eq!(accepted[0].body["backup_codes_left"], 9);
}

/// Second steps with these bodies, let go together.
async fn at_once(client: &Client, bodies: impl ExactSizeIterator<Item = Value>) -> Vec<Answer> {
    let gate = Arc::new(Barrier::new(bodies.len()));
    let mut callers = JoinSet::new();
    for body in bodies {
        let (gate, client) = (Arc::clone(&gate), client.clone());
        callers.spawn(async move {
            gate.wait().await;
            client.post("/auth/login/2fa", None, body).await
        });
    }
    callers.join_all().await
}
