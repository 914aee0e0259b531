use countersign::{Answer, Challenge, History, Method, Purpose, Refusal};

use crate::rig::{Enrolled, Rig, accepted, client, is_wrong, policy, refused};

#[tokio::test]
async fn a_right_code_gives_a_proof_that_names_everything() {
    let ada = Enrolled::new().await;
    let proof = accepted(ada.sign_in(Answer::Code(&ada.code(1))).await);
    assert_eq!(proof.user(), &ada.rig.user);
    assert_eq!((proof.method(), proof.purpose(), proof.factor()), (Method::Totp, Purpose::SignIn, Some(ada.factor)));
    assert_eq!(proof.epoch(), ada.rig.engine.epoch(&ada.rig.user).await.unwrap());
}

#[tokio::test]
async fn d_06_the_code_that_confirmed_the_enrolment_is_used() {
    let ada = Enrolled::new().await;
    assert!(is_wrong(ada.sign_in(Answer::Code(&ada.code(0))).await));
}

#[tokio::test]
async fn d_01_d_02_a_code_is_accepted_once_and_older_ones_never_after() {
    let ada = Enrolled::new().await;
    ada.rig.wait(300);
    let _ = accepted(ada.sign_in(Answer::Code(&ada.code(1))).await);
    for steps in [1, 0, -1, 1, 0] {
        assert!(is_wrong(ada.sign_in(Answer::Code(&ada.code(steps))).await), "step {steps}");
    }
    ada.rig.wait(30);
    assert!(is_wrong(ada.sign_in(Answer::Code(&ada.code(0))).await), "the same step, now the present one");
    let _ = accepted(ada.sign_in(Answer::Code(&ada.code(1))).await);
}

#[tokio::test]
async fn d_09_the_window_is_one_step_either_side_to_the_second() {
    for offset in [0, 15, 29] {
        for (steps, right) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let ada = Enrolled::new().await;
            ada.rig.wait(300 + offset);
            let answer = ada.sign_in(Answer::Code(&ada.code(steps))).await;
            assert_eq!(!is_wrong(answer), right, "second {offset} of the step, {steps} steps away");
        }
    }
}

#[tokio::test]
async fn a_replay_costs_the_ticket_an_answer_and_the_account_nothing() {
    let ada = Enrolled::new().await;
    let used = ada.code(0);
    for _ in 0..3 {
        let ticket = ada.ticket().await;
        for left in (0..5).rev() {
            assert_eq!(
                refused(ada.answer(&ticket, Answer::Code(&used)).await),
                Refusal::WrongCode { attempts_left: left }
            );
        }
        assert_eq!(refused(ada.answer(&ticket, Answer::Code(&used)).await), Refusal::TicketInvalid);
    }
    let _ = accepted(ada.sign_in(Answer::Code(&ada.code(1))).await);
}

#[tokio::test]
async fn d_08_a_ticket_is_redeemed_once() {
    let ada = Enrolled::new().await;
    let ticket = ada.ticket().await;
    ada.rig.wait(60);
    let _ = accepted(ada.answer(&ticket, Answer::Code(&ada.code(0))).await);
    assert_eq!(refused(ada.answer(&ticket, Answer::Code(&ada.code(1))).await), Refusal::TicketInvalid);
}

#[tokio::test]
async fn a_ticket_ends_after_five_minutes() {
    let ada = Enrolled::new().await;
    let (early, late) = (ada.ticket().await, ada.ticket().await);
    ada.rig.wait(299);
    let _ = accepted(ada.answer(&early, Answer::Code(&ada.code(0))).await);
    ada.rig.wait(1);
    assert_eq!(refused(ada.answer(&late, Answer::Code(&ada.code(1))).await), Refusal::TicketInvalid);
}

#[tokio::test]
async fn a_sixth_open_ticket_drives_out_the_oldest() {
    let ada = Enrolled::new().await;
    let first = ada.ticket().await;
    for _ in 0..5 {
        ada.rig.wait(1);
        let _ = ada.ticket().await;
    }
    assert_eq!(refused(ada.answer(&first, Answer::Code(&ada.code(1))).await), Refusal::TicketInvalid);
}

#[tokio::test]
async fn what_is_not_a_ticket_opens_nothing() {
    let ada = Enrolled::new().await;
    let ticket = ada.ticket().await;
    let mut bent = ticket.clone();
    let last = bent.pop().unwrap();
    bent.push(if last == 'A' { 'B' } else { 'A' });
    for text in ["", "x", &ada.rig.user.to_string(), &bent, &"a".repeat(100_000)] {
        assert_eq!(refused(ada.answer(text, Answer::Code(&ada.code(1))).await), Refusal::TicketInvalid);
    }
}

#[tokio::test]
async fn d_16_a_ticket_of_one_user_takes_no_code_of_another() {
    let ada = Enrolled::new().await;
    let mut rig = Rig::on(policy(), std::sync::Arc::clone(&ada.rig.store));
    rig.user = countersign::store::UserId::new("user-2").unwrap();
    let eve = rig.enrol().await;
    let ticket = ada.ticket().await;
    assert!(is_wrong(ada.answer(&ticket, Answer::Code(&eve.code(1))).await));
    assert!(is_wrong(ada.answer(&ticket, Answer::BackupCode(&eve.codes[0])).await));
    let _ = accepted(ada.answer(&ticket, Answer::Code(&ada.code(1))).await);
}

#[tokio::test]
async fn what_cannot_be_a_code_is_charged_to_nobody() {
    let ada = Enrolled::new().await;
    let ticket = ada.ticket().await;
    let right = ada.code(1);
    for text in [
        "",
        "12345",
        "1234567",
        "12345a",
        "+12345",
        "１２３４５６",
        "٠١٢٣٤٥",
        "12345\u{0}",
        "12345\n",
        &format!("{right}\n"),
        &format!("0{right}"),
    ] {
        assert_eq!(refused(ada.answer(&ticket, Answer::Code(text)).await), Refusal::MalformedCode, "{text:?}");
    }
    let spaced = format!(" {} {} ", &right[..3], &right[3..]);
    let _ = accepted(ada.answer(&ticket, Answer::Code(&spaced)).await);
}

#[tokio::test]
async fn a_clock_set_back_opens_no_used_step() {
    let ada = Enrolled::new().await;
    ada.rig.wait(3600);
    let _ = accepted(ada.sign_in(Answer::Code(&ada.code(0))).await);
    ada.rig.clock.set(Some(crate::rig::START.saturating_add(std::time::Duration::from_secs(1800))));
    for steps in -1..=1 {
        assert!(is_wrong(ada.sign_in(Answer::Code(&ada.code(steps))).await));
    }
}

#[tokio::test]
async fn without_a_factor_where_none_is_required_nothing_is_due() {
    let rig = Rig::new(policy().required(false)).await;
    let answer = rig.engine.after_first_factor(&rig.user, History::Never, &client()).await.unwrap();
    assert!(matches!(answer, Challenge::NotDue { .. }));
}

#[tokio::test]
async fn a_vanished_record_leads_neither_in_nor_back_to_enrolment() {
    for required in [true, false] {
        let ada = Rig::new(policy().required(false)).await.enrol_by_first_factor().await;
        let rig = Rig::on(policy().required(required), std::sync::Arc::new(countersign::store::MemoryStore::new()));
        let Challenge::Ticket(ticket) =
            rig.engine.after_first_factor(&rig.user, History::Enrolled, &client()).await.unwrap()
        else {
            panic!("a record that should be there and is not has to refuse")
        };
        let code = ada.code(1);
        let answer = rig.engine.verify(ticket.token.expose_str(), Answer::Code(&code), &client()).await.unwrap();
        assert_eq!(refused(answer), Refusal::Locked { retry_after: None });
        let authority = countersign::Authority::FirstFactor { user: &rig.user, history: History::Enrolled };
        assert_eq!(rig.begin_refused(authority).await, Refusal::ProofRequired);
    }
}

#[tokio::test]
async fn a_token_that_runs_ahead_is_followed_and_the_window_does_not_grow() {
    let ada = Enrolled::new().await;
    for _ in 0..5 {
        ada.rig.wait(300);
        assert!(is_wrong(ada.sign_in(Answer::Code(&ada.code(2))).await), "two steps ahead are too far at first");
        ada.rig.wait(900);
        let _ = accepted(ada.sign_in(Answer::Code(&ada.code(1))).await);
    }
    ada.rig.wait(900);
    let _ = accepted(ada.sign_in(Answer::Code(&ada.code(2))).await);
    ada.rig.wait(900);
    assert!(is_wrong(ada.sign_in(Answer::Code(&ada.code(-1))).await));
    let _ = accepted(ada.sign_in(Answer::Code(&ada.code(0))).await);
}

#[tokio::test]
async fn a_ticket_says_how_it_can_be_answered() {
    let ada = Enrolled::new().await;
    let methods = || async {
        match ada.rig.engine.after_first_factor(&ada.rig.user, History::Enrolled, &client()).await.unwrap() {
            Challenge::Ticket(ticket) => ticket.methods,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(methods().await, [Method::Totp, Method::BackupCode]);
    for code in &ada.codes {
        let _ = accepted(ada.sign_in(Answer::BackupCode(code)).await);
    }
    assert_eq!(methods().await, [Method::Totp]);
    for _ in 0..20 {
        ada.rig.wait(3601);
        assert!(is_wrong(ada.sign_in(Answer::Code(&ada.wrong())).await));
    }
    assert!(methods().await.is_empty(), "only an admin is left");
}

#[tokio::test]
async fn strangers_who_open_tickets_drive_out_their_own_and_not_the_owners() {
    let ada = Enrolled::new().await;
    let open = |address: &'static str| {
        let from = countersign::Client { address: Some(address.parse().unwrap()), ..client() };
        let engine = ada.rig.engine.clone();
        let user = ada.rig.user.clone();
        async move {
            match engine.after_first_factor(&user, History::Enrolled, &from).await.unwrap() {
                Challenge::Ticket(ticket) => ticket.token.expose_str().to_owned(),
                other => panic!("{other:?}"),
            }
        }
    };
    let home = open("192.0.2.1").await;
    ada.rig.wait(1);
    let first = open("198.51.100.1").await;
    for address in ["198.51.100.2", "198.51.100.3", "198.51.100.4", "198.51.100.254"] {
        ada.rig.wait(1);
        let _ = open(address).await;
    }
    assert_eq!(refused(ada.answer(&first, Answer::Code(&ada.code(1))).await), Refusal::TicketInvalid);
    let _ = accepted(ada.answer(&home, Answer::Code(&ada.code(1))).await);

    ada.rig.wait(600);
    let home = open("2001:db8:0:1::1").await;
    for address in ["2001:db8:0:2::1", "2001:db8:0:2::2", "2001:db8:0:2:1::3", "2001:db8:0:2::4", "2001:db8:0:2::5"] {
        ada.rig.wait(1);
        let _ = open(address).await;
    }
    let _ = accepted(ada.answer(&home, Answer::Code(&ada.code(0))).await);
}
