use std::sync::{Arc, atomic::Ordering};

use countersign::{Answer, Error, History, store::Store};

use crate::faulty::Faulty;
use crate::rig::{Enrolled, Rig, accepted, client, is_wrong, policy};

async fn enrolled() -> (Arc<Faulty>, Enrolled) {
    let store = Arc::new(Faulty::default());
    let rig = Rig::on(policy(), Arc::clone(&store) as Arc<dyn Store>);
    (store, rig.enrol().await)
}

#[tokio::test]
async fn a_store_out_of_reach_refuses_and_nothing_is_used_up() {
    let (store, ada) = enrolled().await;
    let ticket = ada.ticket().await;
    let code = ada.code(1);
    store.unreachable.store(true, Ordering::SeqCst);
    let answer = ada.rig.engine.verify(&ticket, Answer::Code(&code), &client()).await;
    assert!(matches!(answer, Err(Error::Store(_))), "{answer:?}");
    assert!(ada.rig.engine.after_first_factor(&ada.rig.user, History::Enrolled, &client()).await.is_err());
    store.unreachable.store(false, Ordering::SeqCst);
    let _ = accepted(ada.answer(&ticket, Answer::Code(&code)).await);
}

#[tokio::test]
async fn a_save_whose_answer_was_lost_is_known_by_its_id() {
    let (store, ada) = enrolled().await;
    let ticket = ada.ticket().await;
    let code = ada.code(1);
    store.lose_answers.store(1, Ordering::SeqCst);
    let _ = accepted(ada.answer(&ticket, Answer::Code(&code)).await);
    assert!(is_wrong(ada.sign_in(Answer::Code(&code)).await));
}

#[tokio::test]
async fn after_a_conflict_it_is_decided_again_and_what_was_accepted_is_used() {
    let (store, ada) = enrolled().await;
    let (code, backup_code) = (ada.code(1), ada.codes[0].clone());
    for answer in [Answer::Code(&code), Answer::BackupCode(&backup_code)] {
        let ticket = ada.ticket().await;
        store.conflicts.store(3, Ordering::SeqCst);
        let _ = accepted(ada.answer(&ticket, answer).await);
        assert_eq!(store.conflicts.load(Ordering::SeqCst), 0);
        assert!(is_wrong(ada.sign_in(answer).await));
    }
}

#[tokio::test]
async fn a_clock_that_cannot_tell_the_time_refuses_everything() {
    let (_, ada) = enrolled().await;
    let ticket = ada.ticket().await;
    ada.rig.clock.set(None);
    let answer = ada.rig.engine.verify(&ticket, Answer::Code("123456"), &client()).await;
    assert!(matches!(answer, Err(Error::Clock)), "{answer:?}");
    let challenge = ada.rig.engine.after_first_factor(&ada.rig.user, History::Enrolled, &client()).await;
    assert!(matches!(challenge, Err(Error::Clock)), "{challenge:?}");
}

#[tokio::test]
async fn under_another_key_nothing_opens() {
    let (_, ada) = enrolled().await;
    let ticket = ada.ticket().await;
    let key =
        countersign::vault::MasterKey::from_hex("17c4a9e25b80d63f1e94c7028ab5fd6390e1b7c42d58f60a93be7d14c8250af6");
    let stranger = countersign::TwoFactor::builder()
        .store(Arc::clone(&ada.rig.store))
        .vault(Arc::new(countersign::vault::Vault::new(countersign::vault::KeyRing::new(key.unwrap()))))
        .clock(Arc::new(ada.rig.clock.clone()))
        .issuer("Example")
        .build()
        .unwrap();
    let answer = stranger.verify(&ticket, Answer::Code(&ada.code(1)), &client()).await.unwrap();
    assert!(matches!(answer, countersign::Verification::Refused(countersign::Refusal::TicketInvalid)));
    let stepped =
        stranger.step_up(&ada.rig.user, countersign::Purpose::StepUp, Answer::Code(&ada.code(1)), &client()).await;
    assert!(matches!(stepped, Err(Error::Unreadable)), "{stepped:?}");
}
