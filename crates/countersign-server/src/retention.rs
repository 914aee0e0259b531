use countersign::{
    Error, TwoFactor,
    clock::Timestamp,
    store::{Chain, Store as _, UserId},
};
use countersign_sqlx::SqlStore;

use crate::run_error::RunError;

/// Lets go of old events of audit trails, a few trails at a time. What is left stays provable.
#[derive(Debug)]
pub(crate) struct Retention {
    engine: TwoFactor,
    store: SqlStore,
}

/// What was found of some trails.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// Trails that were looked at.
    pub(crate) trails: u64,
    /// Events that are gone, or would be.
    pub(crate) events: u64,
    /// Whose trails are not as they were written: those are left alone, old events and all.
    pub(crate) faults: Vec<UserId>,
    /// Where to go on; `None` at the end.
    pub(crate) next: Option<Chain>,
}

/// How many trails are looked at in one step.
const STEP: usize = 200;

impl Retention {
    /// Over the trails of this engine, which are in this store.
    #[must_use]
    pub(crate) const fn new(engine: TwoFactor, store: SqlStore) -> Self {
        Self { engine, store }
    }

    /// Looks at some trails after `after`, and lets go of their events before `before`, or says how many those are.
    ///
    /// # Errors
    /// When there is no answer.
    pub(crate) async fn step(
        &self,
        after: Option<&Chain>,
        before: Timestamp,
        rehearse: bool,
    ) -> Result<Kept, RunError> {
        let page = self.store.chains(after, STEP).await?;
        let mut kept = Kept::default();
        for chain in &page {
            if let Chain::User(user) = chain {
                kept.add(self.one(user, before, rehearse).await?);
            }
        }
        if page.len() == STEP {
            kept.next = page.into_iter().last();
        }
        Ok(kept)
    }

    /// The same for one user's trail.
    ///
    /// # Errors
    /// When there is no answer.
    pub(crate) async fn one(&self, user: &UserId, before: Timestamp, rehearse: bool) -> Result<Kept, RunError> {
        let done = match rehearse {
            true => self.engine.rehearse_prune_trail(user, before).await,
            false => self.engine.prune_trail(user, before).await,
        };
        let mut kept = Kept { trails: 1, ..Kept::default() };
        match done {
            Ok(events) => kept.events = events,
            Err(Error::Unreadable) => kept.faults.push(user.clone()),
            Err(error) => return Err(error.into()),
        }
        Ok(kept)
    }
}

impl Kept {
    /// Adds what was found of more.
    pub(crate) fn add(&mut self, more: Self) {
        self.trails = self.trails.saturating_add(more.trails);
        self.events = self.events.saturating_add(more.events);
        self.faults.extend(more.faults);
    }
}
