use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use async_trait::async_trait;
use countersign::{
    Answer, Error, History,
    store::{
        AuditEvent, AuditQuery, Chain, InstanceId, MemoryStore, Record, Removed, Saved, Store, StoreError, Stored,
        UserId, Version,
    },
};

use crate::rig::{Enrolled, Rig, accepted, client, is_wrong, policy};

/// A store that can be told to fail.
#[derive(Debug, Default)]
struct Faulty {
    inner: MemoryStore,
    /// Loads fail.
    unreachable: AtomicBool,
    /// The next so many saves are done, and their answers lost.
    lose_answers: AtomicUsize,
    /// The next so many saves find that somebody else was first.
    conflicts: AtomicUsize,
}

fn down() -> StoreError {
    StoreError::Unavailable("switched off by the test".into())
}

fn take(counter: &AtomicUsize) -> bool {
    counter.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Store for Faulty {
    async fn load(&self, user: &UserId) -> Result<Option<Stored>, StoreError> {
        if self.unreachable.load(Ordering::SeqCst) { Err(down()) } else { self.inner.load(user).await }
    }

    async fn save(
        &self,
        user: &UserId,
        expected: Option<Version>,
        record: &Record,
        events: &[AuditEvent],
    ) -> Result<Saved, StoreError> {
        if self.unreachable.load(Ordering::SeqCst) {
            return Err(down());
        }
        if take(&self.conflicts) {
            return Ok(Saved::Conflict);
        }
        let saved = self.inner.save(user, expected, record, events).await?;
        if take(&self.lose_answers) { Err(StoreError::Unknown("the test lost the answer".into())) } else { Ok(saved) }
    }

    async fn remove(&self, user: &UserId, expected: Version, events: &[AuditEvent]) -> Result<Removed, StoreError> {
        self.inner.remove(user, expected, events).await
    }

    async fn users(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<UserId>, StoreError> {
        self.inner.users(after, limit).await
    }

    async fn audit(&self, query: &AuditQuery) -> Result<Vec<AuditEvent>, StoreError> {
        self.inner.audit(query).await
    }

    async fn chains(&self, after: Option<&Chain>, limit: usize) -> Result<Vec<Chain>, StoreError> {
        self.inner.chains(after, limit).await
    }

    async fn append(&self, instance: &InstanceId, events: &[AuditEvent]) -> Result<(), StoreError> {
        self.inner.append(instance, events).await
    }

    async fn prune(&self, chain: &Chain, through: u64) -> Result<u64, StoreError> {
        self.inner.prune(chain, through).await
    }
}

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
async fn after_a_conflict_it_is_decided_again() {
    let (store, ada) = enrolled().await;
    let ticket = ada.ticket().await;
    store.conflicts.store(3, Ordering::SeqCst);
    let _ = accepted(ada.answer(&ticket, Answer::Code(&ada.code(1))).await);
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
