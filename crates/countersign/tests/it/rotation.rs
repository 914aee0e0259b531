use std::sync::Arc;

use countersign::{
    Answer, TwoFactor, Verification,
    store::UserId,
    vault::{KeyRing, MasterKey, Vault},
};

use crate::rig::{Enrolled, Rig, accepted, client, policy, vault};

fn second_key() -> MasterKey {
    MasterKey::from_hex("17c4a9e25b80d63f1e94c7028ab5fd6390e1b7c42d58f60a93be7d14c8250af6").unwrap()
}

fn ring(active: MasterKey, older: Option<MasterKey>) -> Arc<Vault> {
    let ring = KeyRing::new(active);
    Arc::new(Vault::new(match older {
        Some(key) => ring.with_older(key).unwrap(),
        None => ring,
    }))
}

/// The key that [`vault`] holds.
fn first_key() -> MasterKey {
    MasterKey::from_hex(crate::rig::KEY).unwrap()
}

fn engine(ada: &Enrolled, vault: Arc<Vault>) -> TwoFactor {
    TwoFactor::builder()
        .store(Arc::clone(&ada.rig.store))
        .vault(vault)
        .clock(Arc::new(ada.rig.clock.clone()))
        .policy(policy().build().unwrap())
        .issuer("Example")
        .build()
        .unwrap()
}

/// Seven users on one store.
async fn crowd() -> Vec<Enrolled> {
    let mut crowd = vec![Enrolled::new().await];
    for n in 2..=7 {
        let mut rig = Rig::on(policy(), Arc::clone(&crowd[0].rig.store));
        rig.user = UserId::new(format!("user-{n}")).unwrap();
        crowd.push(rig.enrol().await);
    }
    crowd
}

async fn signs_in(engine: &TwoFactor, who: &Enrolled) -> Verification {
    let ticket = who.ticket().await;
    engine.verify(&ticket, Answer::Code(&who.phone.code(who.rig.secs(), 1)), &client()).await.unwrap()
}

#[tokio::test]
async fn a_sweep_that_stops_goes_on_and_then_the_old_key_is_not_needed_by_any_secret() {
    let crowd = crowd().await;
    let both = engine(&crowd[0], ring(second_key(), Some(first_key())));
    let old = vault().key_ring().active_id();

    let before = both.rehearse_sweep(None, 100).await.unwrap();
    assert_eq!((before.report().would_reseal(), before.report().current(), before.next), (7, 0, None));
    assert!([&before.secrets, &before.trail].iter().all(|part| part.is_needed(&old)) && !before.tokens.is_needed(&old));

    let first = both.sweep(both.start_sweep(), 3).await.unwrap();
    assert_eq!((first.done, first.progress.rows(), first.progress.resealed()), (false, 3, 3));
    let halfway = both.rehearse_sweep(None, 100).await.unwrap();
    assert_eq!((halfway.report().would_reseal(), halfway.report().current()), (4, 3));

    let again = engine(&crowd[0], ring(second_key(), Some(first_key())));
    let rest = again.sweep(first.progress, 100).await.unwrap();
    assert_eq!((rest.done, rest.progress.rows(), rest.progress.resealed()), (true, 7, 7));

    let mut after = None;
    let mut current = 0;
    loop {
        let page = both.rehearse_sweep(after.as_ref(), 2).await.unwrap();
        assert_eq!((page.report().would_reseal(), page.report().does_not_open()), (0, 0));
        current += page.report().current();
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(current, 7);
    let proof = accepted(signs_in(&both, &crowd[6]).await);
    assert_eq!(proof.user().as_str(), "user-7");
}

#[tokio::test]
async fn a_sign_in_seals_anew_what_an_older_key_sealed() {
    let ada = Enrolled::new().await;
    let both = engine(&ada, ring(second_key(), Some(first_key())));
    let _ = accepted(signs_in(&both, &ada).await);
    let report = both.rehearse_sweep(None, 10).await.unwrap().report();
    assert_eq!((report.current(), report.would_reseal()), (1, 0));
}

#[tokio::test]
async fn what_does_not_open_is_counted_and_left_alone() {
    let ada = Enrolled::new().await;
    let stranger = engine(&ada, ring(second_key(), None));
    assert_eq!(stranger.rehearse_sweep(None, 10).await.unwrap().report().does_not_open(), 1);
    let swept = stranger.sweep(stranger.start_sweep(), 10).await.unwrap();
    assert_eq!((swept.progress.does_not_open(), swept.progress.resealed()), (1, 0));
    let _ = accepted(ada.sign_in(Answer::Code(&ada.code(1))).await);
}

#[tokio::test]
async fn tickets_and_devices_live_through_a_rotation_and_say_which_key_they_need() {
    let ada = Enrolled::new().await;
    let proof = accepted(ada.sign_in(Answer::Code(&ada.code(1))).await);
    let device = ada.rig.engine.remember_device(&proof, &client()).await.unwrap().unwrap();
    let ticket = ada.ticket().await;
    let both = engine(&ada, ring(second_key(), Some(first_key())));
    let known = countersign::Client { device_token: Some(device.expose_str()), ..client() };
    assert!(both.is_known_device(&ada.rig.user, &known).await.unwrap());
    let tokens = both.rehearse_sweep(None, 10).await.unwrap().tokens;
    assert!(tokens.by_key().eq([(vault().key_ring().active_id(), 2)]), "{tokens:?}");
    ada.rig.wait(60);
    let _ = accepted(both.verify(&ticket, Answer::Code(&ada.code(0)), &known).await.unwrap());
}
