//! The waiting around the deciding: load, decide, save, and again when somebody else saved first.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use countersign_clock::{Clock, Timestamp};
use countersign_store::{AuditEvent, AuditQuery, Record, SaveId, Saved, Store, StoreError, UserId, Version};
use countersign_vault::Vault;
use tokio::{
    sync::Mutex,
    time::{error::Elapsed, timeout},
};

use tracing::{
    Instrument, Span,
    field::{Empty, display},
};

use crate::{
    Client, Epoch, Error, Method, Notice, Observer, Policy, Purpose, Randomness, Refusal,
    account::Account,
    decide::{Decision, Told, Turn},
    event::Detail,
    random::Generator,
};

/// How long a caller waits for an answer before it is no: less than two seconds, with what is done around it.
const DEADLINE: Duration = Duration::from_millis(1800);

/// How many callers of one process for different users may be at work at a time without queueing behind one another by
/// chance.
const STRIPES: usize = 256;

#[derive(Debug)]
pub(crate) struct Shell {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) vault: Arc<Vault>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) randomness: Arc<dyn Randomness>,
    pub(crate) policy: Policy,
    observer: Arc<dyn Observer>,
    /// Callers for one user queue here. That saves conflicts, and is no part of what makes the answers right.
    queues: Box<[Mutex<()>]>,
}

/// A record as it was loaded, and its version; `None` for a user without one.
struct Loaded {
    account: Account,
    version: Option<Version>,
}

impl Shell {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        vault: Arc<Vault>,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
        policy: Policy,
        observer: Arc<dyn Observer>,
    ) -> Self {
        let queues = (0..STRIPES).map(|_| Mutex::new(())).collect();
        Self { store, vault, clock, randomness, policy, observer, queues }
    }

    /// Decides about `user` and saves what that changed. **Nothing is answered before the save.**
    ///
    /// `decide` runs again, on a freshly loaded account, each time somebody else saved first.
    pub(crate) async fn decide<T>(
        &self,
        user: &UserId,
        client: &Client<'_>,
        decide: impl FnMut(&mut Turn<'_>) -> Result<Decision<T>, Error> + Send,
    ) -> Result<T, Error> {
        let span = tracing::info_span!(
            "second_factor",
            user = %user,
            request_id = client.request_id,
            event = Empty,
            factor = Empty,
            method = Empty,
            address = Empty
        );
        self.decide_until_saved(user, client, &span, decide).instrument(span.clone()).await
    }

    async fn decide_until_saved<T>(
        &self,
        user: &UserId,
        client: &Client<'_>,
        span: &Span,
        mut decide: impl FnMut(&mut Turn<'_>) -> Result<Decision<T>, Error> + Send,
    ) -> Result<T, Error> {
        let deadline = Deadline::new(&*self.clock);
        let _place = deadline.within(self.queue(user).lock()).await?;
        loop {
            let Loaded { account, version } = self.load(user, &deadline).await?;
            let now = self.now()?;
            let before = account.epoch;
            let mut turn = self.turn(user, client, account, version.is_some(), now);
            let answer = match decide(&mut turn)? {
                Decision::Keep(answer) => return Ok(answer),
                Decision::Save(answer) => answer,
            };
            let Turn { account, events, told, .. } = turn;
            let record = self.record(&account, now)?;
            match self.save(user, version, &record, &events, &deadline).await? {
                Saved::Stored(_) => {
                    let raised = (account.epoch > before).then_some(account.epoch);
                    self.tell(user, span, events.iter().zip(&told), raised);
                    return Ok(answer);
                }
                Saved::Conflict => metrics::counter!("countersign_conflicts_total").increment(1),
            }
        }
    }

    /// Says what has been saved: to the log, to whoever counts, and to the host. The span of the decision has the fields of
    /// what came first, which is the outcome; what it brought about besides follows on it.
    fn tell<'a>(
        &self,
        user: &UserId,
        span: &Span,
        events: impl Iterator<Item = (&'a AuditEvent, &'a Told)>,
        raised: Option<Epoch>,
    ) {
        for (index, (stored, Told { kind, detail })) in events.enumerate() {
            let Detail { factor, method, purpose, drift, address, request_id: _ } = detail;
            metrics::counter!("countersign_events_total", "kind" => kind.as_str()).increment(1);
            if let Some(drift) = drift {
                metrics::histogram!("countersign_accepted_drift_steps").record(f64::from(*drift));
            }
            let (factor, method) = (factor.map(display), method.map(Method::as_str));
            if index == 0 {
                span.record("event", kind.as_str())
                    .record("factor", &factor)
                    .record("method", method)
                    .record("address", address.as_deref());
            }
            let purpose = purpose.map(Purpose::as_str);
            tracing::info!(
                event = kind.as_str(),
                sequence = stored.sequence,
                factor,
                method,
                purpose,
                drift,
                address,
                "second factor"
            );
            if kind.concerns_owner() {
                self.observer.notice(&Notice { user, kind: *kind, at: stored.at });
            }
        }
        if let Some(epoch) = raised {
            self.observer.epoch_raised(user, epoch);
        }
    }

    /// Looks at `user` without changing anything.
    pub(crate) async fn look<T>(
        &self,
        user: &UserId,
        client: &Client<'_>,
        look: impl FnOnce(&Turn<'_>) -> T + Send,
    ) -> Result<T, Error> {
        let deadline = Deadline::new(&*self.clock);
        let Loaded { account, version } = self.load(user, &deadline).await?;
        Ok(look(&self.turn(user, client, account, version.is_some(), self.now()?)))
    }

    /// The time, or no answer at all.
    pub(crate) fn now(&self) -> Result<Timestamp, Error> {
        self.clock.now().ok_or(Error::Clock)
    }

    pub(crate) fn generator(&self) -> Generator<'_> {
        Generator(&*self.randomness)
    }

    fn turn<'a>(
        &'a self,
        user: &'a UserId,
        client: &'a Client<'a>,
        mut account: Account,
        recorded: bool,
        now: Timestamp,
    ) -> Turn<'a> {
        account.prune(now);
        Turn {
            user,
            account,
            recorded,
            now,
            policy: &self.policy,
            vault: &self.vault,
            random: self.generator(),
            client,
            events: Vec::new(),
            told: Vec::new(),
        }
    }

    fn queue(&self, user: &UserId) -> &Mutex<()> {
        let mut hasher = DefaultHasher::new();
        user.hash(&mut hasher);
        let stripe = usize::try_from(hasher.finish() % STRIPES as u64).unwrap_or(0);
        &self.queues[stripe]
    }

    async fn load(&self, user: &UserId, deadline: &Deadline<'_>) -> Result<Loaded, Error> {
        match deadline.within(self.store.load(user)).await?.map_err(Error::Store)? {
            None => {
                Ok(Loaded { account: Account::new(self.last_event(user, deadline).await?.as_ref()), version: None })
            }
            Some(stored) => {
                Ok(Loaded { account: Account::decode(&stored.record.body)?, version: Some(stored.version) })
            }
        }
    }

    /// The newest event of a user without a record: the trail outlives the record, and goes on after it.
    async fn last_event(&self, user: &UserId, deadline: &Deadline<'_>) -> Result<Option<AuditEvent>, Error> {
        let newest = AuditQuery::newest(user.clone(), 1);
        Ok(deadline.within(self.store.audit(&newest)).await?.map_err(Error::Store)?.pop())
    }

    fn record(&self, account: &Account, now: Timestamp) -> Result<Record, Error> {
        let mut save_id = [0; 16];
        self.randomness.fill(&mut save_id).map_err(|_| Error::Randomness)?;
        Ok(Record {
            body: account.encode()?,
            save_id: SaveId::new(save_id),
            enabled: account.has_live_factor(),
            locked_until: account.guard.locked_until(now),
            updated_at: now,
        })
    }

    /// Saves, and when the answer is lost on the way finds out whether it was this save that took effect.
    async fn save(
        &self,
        user: &UserId,
        expected: Option<Version>,
        record: &Record,
        events: &[AuditEvent],
        deadline: &Deadline<'_>,
    ) -> Result<Saved, Error> {
        match deadline.within(self.store.save(user, expected, record, events)).await? {
            Err(StoreError::Unknown(cause)) => {
                let found = deadline.within(self.store.load(user)).await?.map_err(Error::Store)?;
                match found {
                    Some(stored) if stored.record.save_id == record.save_id => Ok(Saved::Stored(stored.version)),
                    // It may still arrive. Whatever it claimed is then claimed for nobody, which is safe.
                    _ => Err(Error::Store(StoreError::Unknown(cause))),
                }
            }
            answer => answer.map_err(Error::Store),
        }
    }
}

/// Says that an answer was refused without a change: it leaves no event behind, so that a storm of them costs no write.
pub(crate) fn tell_refused(client: &Client<'_>, refusal: &Refusal) {
    metrics::counter!("countersign_refusals_total", "reason" => refusal.reason()).increment(1);
    tracing::info!(request_id = client.request_id, reason = refusal.reason(), "refused");
}

/// The moment from which on the answer is no.
struct Deadline<'a> {
    clock: &'a dyn Clock,
    ends: Duration,
}

impl<'a> Deadline<'a> {
    fn new(clock: &'a dyn Clock) -> Self {
        Self { clock, ends: clock.monotonic().saturating_add(DEADLINE) }
    }

    async fn within<T>(&self, work: impl Future<Output = T> + Send) -> Result<T, Error> {
        let left = self.ends.saturating_sub(self.clock.monotonic());
        if left.is_zero() {
            return Err(Error::Deadline);
        }
        timeout(left, work).await.map_err(|Elapsed { .. }| Error::Deadline)
    }
}
