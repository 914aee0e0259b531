use std::sync::Arc;

use countersign::{Answer, Change, Refusal, Verification};
use tokio::{sync::Barrier, task::JoinSet};

use crate::rig::{Enrolled, accepted, client, policy};

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

/// `COUNTERSIGN_RACE_ROUNDS=200 cargo test -p countersign --test postgres races` is the long run.
fn rounds(usual: usize) -> usize {
    #[expect(clippy::disallowed_methods, reason = "how long a test runs is said from outside")]
    let said = std::env::var("COUNTERSIGN_RACE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    said.unwrap_or(usual)
}

async fn five_tickets(ada: &Enrolled) -> Vec<String> {
    let mut tickets = Vec::new();
    for _ in 0..5 {
        tickets.push(ada.ticket().await);
    }
    tickets
}

#[tokio::test(flavor = "multi_thread")]
async fn one_code_on_five_tickets_from_fifty_callers_is_accepted_once() {
    let ada = Enrolled::new().await;
    for _ in 0..rounds(200) {
        ada.rig.wait(300);
        let tickets = five_tickets(&ada).await;
        let code = Typed::Code(ada.code(0));
        let tally = race(&ada, (0..50).map(|n| (tickets[n % 5].clone(), code.clone())).collect()).await;
        assert_eq!(tally.accepted, 1, "{tally:?}");
        assert_eq!(tally.wrong + tally.other, 49, "{tally:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_ticket_from_fifty_callers_with_two_right_codes_is_redeemed_once() {
    let ada = Enrolled::new().await;
    for _ in 0..rounds(50) {
        ada.rig.wait(300);
        let ticket = ada.ticket().await;
        let codes = [Typed::Code(ada.code(0)), Typed::Code(ada.code(1))];
        let tally = race(&ada, (0..50).map(|n| (ticket.clone(), codes[n / 25].clone())).collect()).await;
        assert_eq!((tally.accepted, tally.wrong, tally.other), (1, 0, 49));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_backup_code_from_fifty_callers_is_accepted_once() {
    let mut ada = Enrolled::new().await;
    for round in 0..rounds(20) {
        ada.rig.wait(3601);
        if round % 10 == 9 {
            let fresh = ada.rig.engine.regenerate_backup_codes(ada.manage().await, &client()).await.unwrap();
            let Change::Done { value: fresh, .. } = fresh else { panic!("{fresh:?}") };
            ada.codes = fresh.iter().map(|code| code.expose_str().to_owned()).collect();
        }
        let tickets = five_tickets(&ada).await;
        let code = Typed::Backup(ada.codes[round % 10].clone());
        let tally = race(&ada, (0..50).map(|n| (tickets[n % 5].clone(), code.clone())).collect()).await;
        assert_eq!(tally.accepted, 1, "{tally:?}");
        let _ = ada.rig.engine.unlock(&ada.rig.user).await.unwrap();
        // An account's answers may still be spent, and its row of failures is broken only by a code.
        ada.rig.wait(3601);
        let _ = accepted(ada.sign_in(Answer::Code(&ada.code(0))).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_codes_at_once_get_five_answers_the_right_one_among_them_or_not() {
    for _ in 0..rounds(2) {
        let ada = Enrolled::new().await;
        let tickets = five_tickets(&ada).await;
        let wrong = Typed::Code(ada.wrong());
        let mut answers: Vec<_> = (0..500).map(|n| (tickets[n % 5].clone(), wrong.clone())).collect();
        answers[250].1 = Typed::Code(ada.code(1));
        let tally = race(&ada, answers).await;
        assert_eq!(tally.wrong, 5, "{tally:?}");
        assert!(tally.accepted <= 1, "{tally:?}");
    }
}
