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

use crate::{
    Client, Error, Policy, Randomness,
    account::Account,
    decide::{Decision, Turn},
    random::Generator,
};

/// How long a caller waits for an answer before it is no.
const DEADLINE: Duration = Duration::from_secs(2);

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
    ) -> Self {
        let queues = (0..STRIPES).map(|_| Mutex::new(())).collect();
        Self { store, vault, clock, randomness, policy, queues }
    }

    /// Decides about `user` and saves what that changed. **Nothing is answered before the save.**
    ///
    /// `decide` runs again, on a freshly loaded account, each time somebody else saved first.
    pub(crate) async fn decide<T>(
        &self,
        user: &UserId,
        client: &Client<'_>,
        mut decide: impl FnMut(&mut Turn<'_>) -> Result<Decision<T>, Error> + Send,
    ) -> Result<T, Error> {
        let deadline = Deadline::new(&*self.clock);
        let _place = deadline.within(self.queue(user).lock()).await?;
        loop {
            let Loaded { account, version } = self.load(user, &deadline).await?;
            let now = self.now()?;
            let mut turn = self.turn(user, client, account, version.is_some(), now);
            let answer = match decide(&mut turn)? {
                Decision::Keep(answer) => return Ok(answer),
                Decision::Save(answer) => answer,
            };
            let record = self.record(&turn.account, now)?;
            match self.save(user, version, &record, &turn.events, &deadline).await? {
                Saved::Stored(_) => return Ok(answer),
                Saved::Conflict => {}
            }
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
