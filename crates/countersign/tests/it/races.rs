use std::sync::Arc;

use countersign::{Answer, Refusal, Verification};
use tokio::{sync::Barrier, task::JoinSet};

use crate::rig::{Enrolled, client, policy};

/// How the answers of many callers let go at the same moment came out.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    accepted: usize,
    wrong: usize,
    other: usize,
}

/// Lets all callers go at once: those with an even number on one engine, the others on a second one with the same store.
async fn race(ada: &Enrolled, answers: Vec<(String, Typed)>) -> Tally {
    let second = crate::rig::engine(policy(), &ada.rig.clock, &ada.rig.store);
    let gate = Arc::new(Barrier::new(answers.len()));
    let mut callers = JoinSet::new();
    for (n, (ticket, typed)) in answers.into_iter().enumerate() {
        let engine = if n % 2 == 0 { ada.rig.engine.clone() } else { second.clone() };
        let gate = Arc::clone(&gate);
        callers.spawn(async move {
            gate.wait().await;
            engine.verify(&ticket, typed.answer(), &client()).await.unwrap()
        });
    }
    let mut tally = Tally::default();
    for verification in callers.join_all().await {
        match verification {
            Verification::Accepted { .. } => tally.accepted += 1,
            Verification::Refused(Refusal::WrongCode { .. }) => tally.wrong += 1,
            Verification::Refused(_) => tally.other += 1,
        }
    }
    tally
}

#[derive(Clone)]
enum Typed {
    Code(String),
    Backup(String),
}

impl Typed {
    fn answer(&self) -> Answer<'_> {
        match self {
            Self::Code(code) => Answer::Code(code),
            Self::Backup(code) => Answer::BackupCode(code),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_code_on_five_tickets_from_fifty_callers_is_accepted_once() {
    let ada = Enrolled::new().await;
    for _ in 0..200 {
        ada.rig.wait(300);
        let mut tickets = Vec::new();
        for _ in 0..5 {
            tickets.push(ada.ticket().await);
        }
        let code = Typed::Code(ada.code(0));
        let tally = race(&ada, (0..50).map(|n| (tickets[n % 5].clone(), code.clone())).collect()).await;
        assert_eq!(tally.accepted, 1, "{tally:?}");
        assert_eq!(tally.wrong + tally.other, 49, "{tally:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_backup_code_from_many_callers_is_accepted_once() {
    let ada = Enrolled::new().await;
    for round in 0..10 {
        ada.rig.wait(3601);
        let mut tickets = Vec::new();
        for _ in 0..5 {
            tickets.push(ada.ticket().await);
        }
        let code = Typed::Backup(ada.codes[round].clone());
        let tally = race(&ada, (0..10).map(|n| (tickets[n % 5].clone(), code.clone())).collect()).await;
        assert_eq!(tally.accepted, 1, "{tally:?}");
        let _ = ada.rig.engine.unlock(&ada.rig.user).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_codes_at_once_get_five_answers_the_right_one_among_them_or_not() {
    let ada = Enrolled::new().await;
    let mut tickets = Vec::new();
    for _ in 0..5 {
        tickets.push(ada.ticket().await);
    }
    let wrong = Typed::Code(ada.wrong());
    let mut answers: Vec<_> = (0..500).map(|n| (tickets[n % 5].clone(), wrong.clone())).collect();
    answers[250].1 = Typed::Code(ada.code(1));
    let tally = race(&ada, answers).await;
    assert_eq!(tally.wrong, 5, "{tally:?}");
    assert!(tally.accepted <= 1, "{tally:?}");
}
