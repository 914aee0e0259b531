use countersign::{Answer, Challenge, Change, History, Method, Refusal, Verification};

use crate::rig::{Enrolled, accepted, client, is_wrong, refused};

#[tokio::test]
async fn d_03_each_backup_code_signs_in_once_in_whatever_spelling() {
    let ada = Enrolled::new().await;
    for (n, code) in ada.codes.iter().enumerate() {
        let Verification::Accepted { proof, backup_codes_left } = ada.sign_in(Answer::BackupCode(code)).await else {
            panic!("code {n} was refused")
        };
        assert_eq!((proof.method(), proof.factor()), (Method::BackupCode, None));
        assert_eq!(backup_codes_left, 9 - n);
    }
    for code in &ada.codes {
        for spelling in [code.clone(), code.to_lowercase(), code.replace('-', ""), code.replace('-', " ")] {
            ada.rig.wait(3601);
            // A right backup code breaks no row of failures that follow it: ask for a fresh account's patience.
            let _ = ada.rig.engine.unlock(&ada.rig.user).await.unwrap();
            assert!(is_wrong(ada.sign_in(Answer::BackupCode(&spelling)).await), "{spelling}");
        }
    }
}

#[tokio::test]
async fn look_alikes_and_lower_case_are_forgiven() {
    let ada = Enrolled::new().await;
    let typed = ada.codes[0].to_lowercase().replace('0', "o").replace('1', "l").replace('-', " ");
    let _ = accepted(ada.sign_in(Answer::BackupCode(&typed)).await);
}

#[tokio::test]
async fn what_cannot_be_a_backup_code_is_charged_to_nobody() {
    let ada = Enrolled::new().await;
    let ticket = ada.ticket().await;
    for text in ["", "123456", "UUUU-UUUU-UUUU-UUUU", &"0".repeat(10_000)] {
        assert_eq!(refused(ada.answer(&ticket, Answer::BackupCode(text)).await), Refusal::MalformedCode);
    }
    let _ = accepted(ada.answer(&ticket, Answer::BackupCode(&ada.codes[0])).await);
}

#[tokio::test]
async fn under_a_lock_it_is_said_how_many_backup_codes_may_be_tried() {
    let ada = Enrolled::new().await;
    let wrong = "0000-0000-0000-0000";
    // Failures in a row lock; the budget is waited for in between.
    let mut failures = 0;
    while !ada.rig.engine.status(&ada.rig.user).await.unwrap().locked {
        assert!(failures < 100, "it never locks");
        if matches!(ada.sign_in(Answer::Code("000000")).await, Verification::Refused(Refusal::BudgetSpent { .. })) {
            ada.rig.wait(901);
        }
        failures += 1;
    }
    let left = async || match refused(ada.sign_in(Answer::BackupCode(wrong)).await) {
        Refusal::WrongCode { attempts_left } => attempts_left,
        refusal => panic!("{refusal:?}"),
    };
    for expected in [4, 3, 2, 1, 0] {
        assert_eq!(left().await, expected);
    }
    assert!(matches!(refused(ada.sign_in(Answer::BackupCode(wrong)).await), Refusal::BudgetSpent { .. }));
}

#[tokio::test]
async fn regenerating_kills_every_older_code() {
    let ada = Enrolled::new().await;
    let Change::Done { value: fresh, .. } =
        ada.rig.engine.regenerate_backup_codes(ada.manage().await, &client()).await.unwrap()
    else {
        panic!("refused")
    };
    assert!(is_wrong(ada.sign_in(Answer::BackupCode(&ada.codes[0])).await));
    let _ = accepted(ada.sign_in(Answer::BackupCode(fresh[0].expose_str())).await);
}

#[tokio::test]
async fn after_an_admins_reset_sign_in_leads_to_enrolment() {
    let ada = Enrolled::new().await;
    let before = ada.rig.engine.epoch(&ada.rig.user).await.unwrap();
    let ticket = ada.ticket().await;
    assert!(matches!(ada.rig.engine.reset(&ada.rig.user).await.unwrap(), Change::Done { epoch, .. } if epoch > before));
    assert_eq!(refused(ada.answer(&ticket, Answer::BackupCode(&ada.codes[0])).await), Refusal::TicketInvalid);
    let next = ada.rig.engine.after_first_factor(&ada.rig.user, History::Enrolled, &client()).await.unwrap();
    assert!(matches!(next, Challenge::SetupRequired(_)));
}
