use countersign::{Answer, Client, Purpose, Refusal};

use crate::rig::{Enrolled, Rig, accepted, allowance, client, is_wrong, policy, refused};
use std::time::Duration;

#[tokio::test]
async fn d_28_after_five_wrong_codes_the_right_one_is_not_looked_at_on_any_ticket() {
    let ada = Enrolled::new().await;
    let ticket = ada.ticket().await;
    for left in (0..5).rev() {
        assert_eq!(
            refused(ada.answer(&ticket, Answer::Code(&ada.wrong())).await),
            Refusal::WrongCode { attempts_left: left }
        );
    }
    let right = ada.code(1);
    let spent = Refusal::BudgetSpent { retry_after: Duration::from_secs(900) };
    assert_eq!(refused(ada.answer(&ticket, Answer::Code(&right)).await), spent, "the same ticket");
    assert_eq!(refused(ada.sign_in(Answer::Code(&right)).await), spent, "another ticket");
    assert_eq!(refused(ada.sign_in(Answer::BackupCode(&ada.codes[0])).await), spent, "another method");
    let stepped =
        ada.rig.engine.step_up(&ada.rig.user, Purpose::Manage, Answer::Code(&right), &client()).await.unwrap();
    assert_eq!(refused(stepped), spent, "another way in");
    ada.rig.wait(900);
    let _ = accepted(ada.sign_in(Answer::Code(&ada.code(0))).await);
    let _ = accepted(ada.sign_in(Answer::BackupCode(&ada.codes[0])).await);
}

#[tokio::test]
async fn d_33_methods_share_one_budget() {
    let ada = Enrolled::new().await;
    let backup = "0000-0000-0000-0000";
    for _ in 0..2 {
        assert!(is_wrong(ada.sign_in(Answer::Code(&ada.wrong())).await));
        assert!(is_wrong(ada.sign_in(Answer::BackupCode(backup)).await));
    }
    assert!(is_wrong(ada.sign_in(Answer::Code(&ada.wrong())).await));
    assert!(matches!(refused(ada.sign_in(Answer::BackupCode(backup)).await), Refusal::BudgetSpent { .. }));
}

#[tokio::test]
async fn d_28_a_success_between_does_not_refill_the_budget() {
    let ada = Enrolled::new().await;
    for _ in 0..4 {
        assert!(is_wrong(ada.sign_in(Answer::Code(&ada.wrong())).await));
    }
    let _ = accepted(ada.sign_in(Answer::Code(&ada.code(1))).await);
    assert!(is_wrong(ada.sign_in(Answer::Code(&ada.wrong())).await));
    assert!(matches!(refused(ada.sign_in(Answer::Code(&ada.wrong())).await), Refusal::BudgetSpent { .. }));
}

#[tokio::test]
async fn d_29_the_count_survives_a_new_engine() {
    let ada = Enrolled::new().await;
    for _ in 0..5 {
        assert!(is_wrong(ada.sign_in(Answer::Code(&ada.wrong())).await));
    }
    let restarted = crate::rig::engine(policy(), &ada.rig.clock, &ada.rig.store);
    let ticket = ada.ticket().await;
    let answer = restarted.verify(&ticket, Answer::Code(&ada.code(1)), &client()).await.unwrap();
    assert!(matches!(refused(answer), Refusal::BudgetSpent { .. }));
}

#[tokio::test]
async fn ten_failures_in_an_hour_lock_and_a_backup_code_unlocks() {
    let ada = Enrolled::new().await;
    for round in 0..2 {
        for _ in 0..5 {
            assert!(is_wrong(ada.sign_in(Answer::Code(&ada.wrong())).await));
        }
        if round == 0 {
            ada.rig.wait(900);
        }
    }
    let locked = refused(ada.sign_in(Answer::Code(&ada.code(1))).await);
    assert_eq!(locked, Refusal::Locked { retry_after: Some(Duration::from_secs(3600)) });
    assert!(ada.rig.engine.status(&ada.rig.user).await.unwrap().locked_until.is_some());
    let _ = accepted(ada.sign_in(Answer::BackupCode(&ada.codes[3])).await);
    assert!(!ada.rig.engine.status(&ada.rig.user).await.unwrap().locked);
    let _ = accepted(ada.sign_in(Answer::Code(&ada.code(1))).await);
}

#[tokio::test]
async fn while_locked_backup_codes_have_five_tries_an_hour() {
    let ada = Rig::new(policy().answers(allowance(10, 900))).await.enrol().await;
    for _ in 0..10 {
        assert!(is_wrong(ada.sign_in(Answer::Code(&ada.wrong())).await));
    }
    for _ in 0..5 {
        assert!(is_wrong(ada.sign_in(Answer::BackupCode("0000-0000-0000-0000")).await));
    }
    let refusal = refused(ada.sign_in(Answer::BackupCode(&ada.codes[0])).await);
    assert_eq!(refusal, Refusal::BudgetSpent { retry_after: Duration::from_secs(3600) });
    ada.rig.wait(3599);
    assert!(matches!(refused(ada.sign_in(Answer::Code(&ada.code(0))).await), Refusal::Locked { .. }));
    ada.rig.wait(1);
    let _ = accepted(ada.sign_in(Answer::Code(&ada.code(0))).await);
}

#[tokio::test]
async fn twenty_failures_in_a_row_disable_and_no_time_heals_that() {
    let ada = Enrolled::new().await;
    for _ in 0..20 {
        ada.rig.wait(3601);
        assert!(is_wrong(ada.sign_in(Answer::Code(&ada.wrong())).await));
    }
    ada.rig.wait(365 * 24 * 3600);
    assert_eq!(refused(ada.sign_in(Answer::Code(&ada.code(0))).await), Refusal::Locked { retry_after: None });
    let _ = accepted(ada.sign_in(Answer::BackupCode(&ada.codes[9])).await);
    let _ = accepted(ada.sign_in(Answer::Code(&ada.code(0))).await);
}

#[tokio::test]
async fn an_admin_takes_a_lock_off_and_nothing_else() {
    let ada = Rig::new(policy().answers(allowance(10, 900))).await.enrol().await;
    let (engine, user) = (&ada.rig.engine, &ada.rig.user);
    assert!(!engine.unlock(user).await.unwrap(), "there is none");
    for _ in 0..10 {
        assert!(is_wrong(ada.sign_in(Answer::Code(&ada.wrong())).await));
    }
    assert!(engine.status(user).await.unwrap().locked);
    assert!(engine.unlock(user).await.unwrap());
    assert!(!engine.status(user).await.unwrap().locked);
    assert!(!engine.unlock(user).await.unwrap(), "it is off");
    let events = engine.events(user, 1000).await.unwrap();
    assert_eq!(events.iter().filter(|event| event.kind == "unlocked").count(), 1);
    ada.rig.wait(900);
    let _ = accepted(ada.sign_in(Answer::Code(&ada.code(0))).await);
}

#[tokio::test]
async fn d_34_a_known_device_answers_while_strangers_have_spent_everything() {
    let ada = Enrolled::new().await;
    let proof = accepted(ada.sign_in(Answer::Code(&ada.code(1))).await);
    let token = ada.rig.engine.remember_device(&proof, &client()).await.unwrap().unwrap();
    let known = Client { device_token: Some(token.expose_str()), ..Client::default() };
    for _ in 0..2 {
        ada.rig.wait(900);
        for _ in 0..5 {
            assert!(is_wrong(ada.sign_in(Answer::Code(&ada.wrong())).await));
        }
    }
    assert!(matches!(refused(ada.sign_in(Answer::Code(&ada.code(0))).await), Refusal::Locked { .. }));
    let ticket = ada.ticket().await;
    let _ = accepted(ada.rig.engine.verify(&ticket, Answer::Code(&ada.code(0)), &known).await.unwrap());
}

#[tokio::test]
async fn d_26_a_device_token_ends_with_the_epoch() {
    let ada = Enrolled::new().await;
    let proof = accepted(ada.sign_in(Answer::Code(&ada.code(1))).await);
    let token = ada.rig.engine.remember_device(&proof, &client()).await.unwrap().unwrap();
    let known = Client { device_token: Some(token.expose_str()), ..Client::default() };
    let spend = || async {
        for _ in 0..5 {
            assert!(is_wrong(ada.sign_in(Answer::Code(&ada.wrong())).await));
        }
    };
    let changed = ada.rig.engine.regenerate_backup_codes(ada.manage().await, &client()).await.unwrap();
    assert!(matches!(changed, countersign::Change::Done { .. }));
    spend().await;
    let ticket = ada.ticket().await;
    let answer = ada.rig.engine.verify(&ticket, Answer::Code(&ada.code(1)), &known).await.unwrap();
    assert!(matches!(refused(answer), Refusal::BudgetSpent { .. }));
}

#[tokio::test]
async fn a_lock_is_shown_for_as_long_as_it_lasts() {
    let ada = Rig::new(policy().answers(allowance(10, 900))).await.enrol().await;
    for _ in 0..10 {
        assert!(is_wrong(ada.sign_in(Answer::Code(&ada.wrong())).await));
    }
    let shown = || async {
        let status = ada.rig.engine.status(&ada.rig.user).await.unwrap();
        (status.locked, status.locked_until)
    };
    let ends = crate::rig::START.saturating_add(Duration::from_secs(3600));
    ada.rig.wait(3599);
    assert_eq!(shown().await, (true, Some(ends)));
    ada.rig.wait(1);
    assert_eq!(shown().await, (false, None));
}
