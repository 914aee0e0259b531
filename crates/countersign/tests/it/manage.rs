use countersign::{Answer, Authority, Change, Confirmation, Enroller, History, Purpose, Refusal};

use crate::{
    phone::Phone,
    rig::{Enrolled, Rig, accepted, client, is_wrong, policy, refused},
};

async fn optional() -> Enrolled {
    Rig::new(policy().required(false)).await.enrol_by_first_factor().await
}

fn refusal<T: std::fmt::Debug>(change: Change<T>) -> Refusal {
    match change {
        Change::Refused(refusal) => refusal,
        Change::Done { .. } => panic!("done: {change:?}"),
    }
}

#[tokio::test]
async fn d_22_disabling_takes_everything_away_and_enabling_again_brings_no_old_code_back() {
    let ada = optional().await;
    let before = ada.rig.engine.epoch(&ada.rig.user).await.unwrap();
    let Change::Done { epoch, .. } = ada.rig.engine.disable(ada.manage().await, &client()).await.unwrap() else {
        panic!("refused")
    };
    assert!(epoch > before);
    let status = ada.rig.engine.status(&ada.rig.user).await.unwrap();
    assert!(!status.enabled && status.backup_codes_left == 0 && status.enabled_at.is_none());
    let old = ada.codes.clone();
    let rig = ada.rig;
    let authority = Authority::FirstFactor { user: &rig.user, history: History::Enrolled };
    let enrolment = rig.begin(authority).await;
    let code = Phone::scan(&enrolment).code(rig.secs(), 0);
    let again = rig.engine.confirm(Enroller::User(&rig.user), None, &code, &client()).await.unwrap();
    assert!(matches!(again, Confirmation::Enabled { .. }));
    let stepped = rig.engine.step_up(&rig.user, Purpose::Manage, Answer::BackupCode(&old[0]), &client()).await.unwrap();
    assert!(is_wrong(stepped));
}

#[tokio::test]
async fn what_the_policy_demands_is_not_turned_off() {
    let ada = Enrolled::new().await;
    assert_eq!(
        refusal(ada.rig.engine.disable(ada.manage().await, &client()).await.unwrap()),
        Refusal::RequiredByPolicy
    );
    let last = ada.rig.engine.remove_factor(ada.manage().await, ada.factor, &client()).await.unwrap();
    assert_eq!(refusal(last), Refusal::RequiredByPolicy);
    assert!(ada.rig.engine.status(&ada.rig.user).await.unwrap().enabled);
}

#[tokio::test]
async fn d_21_a_proof_for_something_else_or_too_old_changes_nothing() {
    let ada = optional().await;
    let sign_in = accepted(ada.sign_in(Answer::Code(&ada.code(1))).await);
    assert_eq!(refusal(ada.rig.engine.disable(sign_in, &client()).await.unwrap()), Refusal::ProofInvalid);
    let stale = ada.manage().await;
    ada.rig.wait(301);
    assert_eq!(refusal(ada.rig.engine.disable(stale, &client()).await.unwrap()), Refusal::ProofInvalid);
    let outrun = ada.manage().await;
    let changed = ada.rig.engine.regenerate_backup_codes(ada.manage().await, &client()).await.unwrap();
    let method = ada.rig.detail(&ada.rig.user, "backup_codes_regenerated").await.1;
    assert_eq!(method.as_deref(), Some("backup_code"));
    assert!(matches!(changed, Change::Done { .. }));
    assert_eq!(refusal(ada.rig.engine.disable(outrun, &client()).await.unwrap()), Refusal::ProofInvalid);
}

#[tokio::test]
async fn d_05_a_code_used_for_one_thing_is_used_for_everything() {
    let ada = optional().await;
    ada.rig.wait(30);
    let code = ada.code(0);
    let engine = &ada.rig.engine;
    let _ = accepted(engine.step_up(&ada.rig.user, Purpose::StepUp, Answer::Code(&code), &client()).await.unwrap());
    for purpose in [Purpose::Manage, Purpose::StepUp] {
        assert!(is_wrong(engine.step_up(&ada.rig.user, purpose, Answer::Code(&code), &client()).await.unwrap()));
    }
    assert!(is_wrong(ada.sign_in(Answer::Code(&code)).await));
}

#[tokio::test]
async fn a_change_ends_open_tickets_and_pending_factors() {
    let ada = Enrolled::new().await;
    let ticket = ada.ticket().await;
    let _ = ada.rig.begin(Authority::Proof(ada.manage().await)).await;
    let changed = ada.rig.engine.regenerate_backup_codes(ada.manage().await, &client()).await.unwrap();
    assert!(matches!(changed, Change::Done { .. }));
    assert_eq!(refused(ada.answer(&ticket, Answer::Code(&ada.code(1))).await), Refusal::TicketInvalid);
    assert!(!ada.rig.engine.status(&ada.rig.user).await.unwrap().pending);
}

#[tokio::test]
async fn a_removed_factor_answers_no_more_and_the_other_does() {
    let ada = Enrolled::new().await;
    let pending = ada.rig.begin(Authority::Proof(ada.manage().await)).await;
    let other = Phone::scan(&pending);
    let code = other.code(ada.rig.secs(), 0);
    let confirmed = ada.rig.engine.confirm(Enroller::User(&ada.rig.user), None, &code, &client()).await.unwrap();
    assert!(matches!(confirmed, Confirmation::Enabled { .. }));
    let removed = ada.rig.engine.remove_factor(ada.manage().await, ada.factor, &client()).await.unwrap();
    assert!(matches!(removed, Change::Done { .. }));
    assert!(is_wrong(ada.sign_in(Answer::Code(&ada.code(1))).await));
    let _ = accepted(ada.sign_in(Answer::Code(&other.code(ada.rig.secs(), 1))).await);
    let gone = ada.rig.engine.rename_factor(&ada.rig.user, ada.factor, "phone", &client()).await.unwrap();
    assert_eq!(refusal(gone), Refusal::NoSuchFactor);
}

#[tokio::test]
async fn d_22_without_a_factor_there_is_nothing_to_step_up_with_or_regenerate() {
    let rig = Rig::new(policy().required(false)).await;
    let answer = rig.engine.step_up(&rig.user, Purpose::Manage, Answer::Code("123456"), &client()).await.unwrap();
    assert_eq!(refused(answer), Refusal::NotEnabled);
    let ada = optional().await;
    let (first, second) = (ada.manage().await, ada.manage().await);
    assert!(matches!(ada.rig.engine.disable(first, &client()).await.unwrap(), Change::Done { .. }));
    assert_eq!(
        refusal(ada.rig.engine.regenerate_backup_codes(second, &client()).await.unwrap()),
        Refusal::ProofInvalid
    );
}

#[tokio::test]
async fn a_factor_can_be_renamed() {
    let ada = Enrolled::new().await;
    let epoch = ada.rig.engine.epoch(&ada.rig.user).await.unwrap();
    let renamed = ada.rig.engine.rename_factor(&ada.rig.user, ada.factor, "Old phone", &client()).await.unwrap();
    assert!(matches!(renamed, Change::Done { epoch: after, .. } if after == epoch));
    assert_eq!(ada.rig.engine.status(&ada.rig.user).await.unwrap().factors[0].name, "Old phone");
}
