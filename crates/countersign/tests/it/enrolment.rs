use countersign::{
    Answer, Authority, Challenge, Confirmation, Enroller, FactorId, History, NewFactor, Refusal,
    otp::{Algorithm, Digits},
};

use crate::{
    phone::Phone,
    rig::{Enrolled, Rig, accepted, client, is_wrong, policy, refused},
};

async fn confirm(rig: &Rig, by: Enroller<'_>, factor: Option<FactorId>, code: &str) -> Result<FactorId, Refusal> {
    match rig.engine.confirm(by, factor, code, &client()).await.unwrap() {
        Confirmation::Enabled { factor_id, backup_codes, .. } => {
            assert_eq!(backup_codes.len(), 10);
            Ok(factor_id)
        }
        Confirmation::Refused(refusal) => Err(refusal),
    }
}

#[tokio::test]
async fn codes_of_every_length_and_hash_confirm() {
    for digits in [6, 7, 8] {
        for algorithm in [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512] {
            let rig = Rig::new(policy()).await;
            let ticket = rig.setup_ticket().await;
            let new = NewFactor {
                account: "ada@example.com",
                digits: Some(Digits::try_from(digits).unwrap()),
                algorithm: Some(algorithm),
                ..NewFactor::default()
            };
            let countersign::Beginning::Begun(enrolment) =
                rig.engine.begin_totp(Authority::Ticket(&ticket), new, &client()).await.unwrap()
            else {
                panic!("refused")
            };
            let code = Phone::scan(&enrolment).code(rig.secs(), 0);
            assert_eq!(code.len(), usize::from(digits));
            assert!(
                confirm(&rig, Enroller::Ticket(&ticket), None, &code).await.is_ok(),
                "{digits} digits, {algorithm}"
            );
        }
    }
}

#[tokio::test]
async fn d_19_an_unconfirmed_factor_is_no_factor() {
    let rig = Rig::new(policy()).await;
    let ticket = rig.setup_ticket().await;
    let _ = rig.begin(Authority::Ticket(&ticket)).await;
    let status = rig.engine.status(&rig.user).await.unwrap();
    assert!(!status.enabled && status.pending);
    let again = rig.engine.after_first_factor(&rig.user, History::Enrolled, &client()).await.unwrap();
    assert!(matches!(again, Challenge::SetupRequired(_)));
}

#[tokio::test]
async fn d_19_beginning_again_replaces_the_pending_factor_alone() {
    let ada = Enrolled::new().await;
    let first = ada.rig.begin(Authority::Proof(ada.manage().await)).await;
    let second = ada.rig.begin(Authority::Proof(ada.manage().await)).await;
    let user = &ada.rig.user;
    ada.rig.wait(30);
    let now = ada.rig.secs();
    let _ = accepted(ada.sign_in(Answer::Code(&ada.code(0))).await);
    assert_eq!(
        confirm(&ada.rig, Enroller::User(user), Some(first.factor_id), &Phone::scan(&first).code(now, 0)).await,
        Err(Refusal::NothingPending)
    );
    assert!(confirm(&ada.rig, Enroller::User(user), None, &Phone::scan(&second).code(now, 0)).await.is_ok());
    assert_eq!(ada.rig.engine.status(user).await.unwrap().factors.len(), 2);
    let _ = accepted(ada.sign_in(Answer::Code(&ada.code(1))).await);
    let _ = accepted(ada.sign_in(Answer::Code(&Phone::scan(&second).code(now, 1))).await);
}

#[tokio::test]
async fn a_pending_factor_is_dropped_after_ten_minutes() {
    let rig = Rig::new(policy()).await;
    let ticket = rig.setup_ticket().await;
    let phone = Phone::scan(&rig.begin(Authority::Ticket(&ticket)).await);
    rig.wait(600);
    let code = phone.code(rig.secs(), 0);
    assert_eq!(confirm(&rig, Enroller::Ticket(&ticket), None, &code).await, Err(Refusal::NothingPending));
}

#[tokio::test]
async fn d_08_a_set_up_ticket_dies_with_the_confirmation_and_signs_nobody_in() {
    let rig = Rig::new(policy()).await;
    let ticket = rig.setup_ticket().await;
    let phone = Phone::scan(&rig.begin(Authority::Ticket(&ticket)).await);
    let verdict = rig.engine.verify(&ticket, Answer::Code(&phone.code(rig.secs(), 0)), &client()).await.unwrap();
    assert_eq!(refused(verdict), Refusal::TicketInvalid);
    let code = phone.code(rig.secs(), 0);
    assert!(confirm(&rig, Enroller::Ticket(&ticket), None, &code).await.is_ok());
    assert_eq!(rig.engine.setup_holder(&ticket).await.unwrap(), None);
    assert_eq!(rig.begin_refused(Authority::Ticket(&ticket)).await, Refusal::TicketInvalid);
    let next = phone.code(rig.secs(), 1);
    assert_eq!(confirm(&rig, Enroller::Ticket(&ticket), None, &next).await, Err(Refusal::TicketInvalid));
}

#[tokio::test]
async fn another_set_up_ticket_of_the_same_user_dies_too() {
    let rig = Rig::new(policy()).await;
    let (first, second) = (rig.setup_ticket().await, rig.setup_ticket().await);
    let phone = Phone::scan(&rig.begin(Authority::Ticket(&first)).await);
    let code = phone.code(rig.secs(), 0);
    assert!(confirm(&rig, Enroller::Ticket(&first), None, &code).await.is_ok());
    assert_eq!(rig.engine.setup_holder(&second).await.unwrap(), None);
    assert_eq!(rig.begin_refused(Authority::Ticket(&second)).await, Refusal::TicketInvalid);
}

#[tokio::test]
async fn a_sign_in_ticket_enrols_nobody() {
    let ada = Enrolled::new().await;
    let ticket = ada.ticket().await;
    assert_eq!(ada.rig.engine.setup_holder(&ticket).await.unwrap(), None);
    assert_eq!(ada.rig.begin_refused(Authority::Ticket(&ticket)).await, Refusal::TicketInvalid);
}

#[tokio::test]
async fn a_password_alone_adds_nothing_beside_a_live_factor() {
    let ada = Rig::new(policy().required(false)).await.enrol_by_first_factor().await;
    for history in [History::Enrolled, History::Never] {
        let authority = Authority::FirstFactor { user: &ada.rig.user, history };
        assert_eq!(ada.rig.begin_refused(authority).await, Refusal::ProofRequired);
    }
}

#[tokio::test]
async fn five_wrong_codes_for_a_pending_factor_wait_and_cost_the_live_one_nothing() {
    let ada = Enrolled::new().await;
    let pending = ada.rig.begin(Authority::Proof(ada.manage().await)).await;
    let phone = Phone::scan(&pending);
    let by = Enroller::User(&ada.rig.user);
    for left in (0..5).rev() {
        let wrong = phone.wrong(ada.rig.secs());
        assert_eq!(confirm(&ada.rig, by, None, &wrong).await, Err(Refusal::WrongCode { attempts_left: left }));
    }
    let right = phone.code(ada.rig.secs(), 0);
    assert!(matches!(confirm(&ada.rig, by, None, &right).await, Err(Refusal::BudgetSpent { .. })));
    let _ = accepted(ada.sign_in(Answer::Code(&ada.code(1))).await);
}

#[tokio::test]
async fn there_is_an_end_to_factors() {
    let ada = Enrolled::new().await;
    for _ in 0..4 {
        let pending = ada.rig.begin(Authority::Proof(ada.manage().await)).await;
        let code = Phone::scan(&pending).code(ada.rig.secs(), 0);
        assert!(confirm(&ada.rig, Enroller::User(&ada.rig.user), None, &code).await.is_ok());
    }
    let proof = ada.manage().await;
    assert_eq!(ada.rig.begin_refused(Authority::Proof(proof)).await, Refusal::TooManyFactors);
}

#[tokio::test]
async fn d_08_the_same_code_confirms_once() {
    let rig = Rig::new(policy()).await;
    let ticket = rig.setup_ticket().await;
    let phone = Phone::scan(&rig.begin(Authority::Ticket(&ticket)).await);
    let code = phone.code(rig.secs(), 0);
    let ada = &rig;
    assert!(confirm(ada, Enroller::Ticket(&ticket), None, &code).await.is_ok());
    assert_eq!(confirm(ada, Enroller::User(&rig.user), None, &code).await, Err(Refusal::NothingPending));
    let ticket = match rig.engine.after_first_factor(&rig.user, History::Enrolled, &client()).await.unwrap() {
        Challenge::Ticket(ticket) => ticket,
        other => panic!("{other:?}"),
    };
    assert!(is_wrong(rig.engine.verify(ticket.token.expose_str(), Answer::Code(&code), &client()).await.unwrap()));
}

/// Some authenticators leave out what they do not know, and say nothing.
#[tokio::test]
async fn an_authenticator_that_knows_other_parameters_is_told_apart_from_a_wrong_code() {
    let shown = || {
        let digits = Digits::EIGHT;
        policy().digits(digits).algorithm(Algorithm::Sha256).period(countersign::otp::Period::from_secs(60).unwrap())
    };
    for (algorithm, digits, period) in [
        (totp_rs::Algorithm::SHA1, 8, 60),
        (totp_rs::Algorithm::SHA256, 6, 60),
        (totp_rs::Algorithm::SHA256, 8, 30),
        (totp_rs::Algorithm::SHA1, 6, 30),
    ] {
        let rig = Rig::new(shown()).await;
        let ticket = rig.setup_ticket().await;
        let enrolment = rig.begin(Authority::Ticket(&ticket)).await;
        let build = |algorithm, digits, period| {
            totp_rs::Builder::new()
                .with_algorithm(algorithm)
                .with_digits(digits)
                .with_step_duration(period)
                .with_secret(totp_rs::Secret::try_from_base32(enrolment.secret.expose_str()).unwrap())
                .build()
                .unwrap()
                .generate(rig.secs())
                .to_string()
        };
        let by = Enroller::Ticket(&ticket);
        let refusal = confirm(&rig, by, None, &build(algorithm, digits, period)).await.unwrap_err();
        let Refusal::OtherParameters { attempts_left, hint } = refusal else { panic!("{refusal:?}") };
        let told = (hint.algorithm.to_string(), hint.digits.get(), hint.period.as_secs());
        assert_eq!((attempts_left, told), (4, (algorithm.to_string(), digits, period)));
        let wrong = "1".repeat(usize::from(digits));
        assert!(!matches!(confirm(&rig, by, None, &wrong).await, Err(Refusal::OtherParameters { .. })));
        assert!(confirm(&rig, by, None, &build(totp_rs::Algorithm::SHA256, 8, 60)).await.is_ok());
    }
}

#[tokio::test]
async fn a_factor_without_a_name_gets_one() {
    let ada = Enrolled::new().await;
    let pending = ada.rig.begin(Authority::Proof(ada.manage().await)).await;
    let code = Phone::scan(&pending).code(ada.rig.secs(), 0);
    assert!(confirm(&ada.rig, Enroller::User(&ada.rig.user), None, &code).await.is_ok());
    let factors = ada.rig.engine.status(&ada.rig.user).await.unwrap().factors;
    let names: Vec<_> = factors.iter().map(|factor| factor.name.as_str()).collect();
    assert_eq!(names, ["Authenticator", "Authenticator 2"]);
}

#[tokio::test]
async fn a_factor_that_is_required_from_a_day_on_is_asked_for_from_that_day_on() {
    let ada = Rig::new(policy().required(false)).await.enrol_by_first_factor().await;
    let mut rig = Rig::on(policy().required(false), std::sync::Arc::clone(&ada.rig.store));
    rig.user = countersign::store::UserId::new("user-2").unwrap();
    let day = crate::rig::START.saturating_add(std::time::Duration::from_secs(86_400));
    for user in [&ada.rig.user, &rig.user] {
        let history = History::Never;
        let set = ada.rig.engine.require_from(user, history, Some(day)).await.unwrap();
        assert!(matches!(set, countersign::Change::Done { .. }));
    }
    let due = || async { rig.engine.after_first_factor(&rig.user, History::Never, &client()).await.unwrap() };
    rig.wait(86_399);
    assert!(matches!(due().await, Challenge::NotDue { .. }));
    rig.wait(1);
    assert!(matches!(due().await, Challenge::SetupRequired(_)));
    ada.rig.wait(86_400);
    let kept = ada.rig.engine.disable(ada.manage().await, &client()).await.unwrap();
    assert!(matches!(kept, countersign::Change::Refused(Refusal::RequiredByPolicy)), "{kept:?}");
    assert!(matches!(
        rig.engine.require_from(&rig.user, History::Never, None).await.unwrap(),
        countersign::Change::Done { .. }
    ));
    assert!(matches!(due().await, Challenge::NotDue { .. }));
    let vanished = countersign::store::UserId::new("user-3").unwrap();
    let refused = rig.engine.require_from(&vanished, History::Enrolled, Some(day)).await.unwrap();
    assert!(matches!(refused, countersign::Change::Refused(Refusal::ProofRequired)), "{refused:?}");
}
