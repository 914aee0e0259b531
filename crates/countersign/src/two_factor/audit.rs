use countersign_clock::Timestamp;
use countersign_store::{AuditEvent, AuditQuery, Chain, UserId};

use super::TwoFactor;
use crate::{
    Client, Error, SecurityEvent,
    account::{Broken, End},
    decide::{Decision, Turn},
};

/// What was found of one user's audit trail.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrailReport {
    /// Events that are what was once appended, in their order.
    pub events: u64,
    /// The first thing that is not as it was; what follows it was not looked at.
    pub fault: Option<TrailFault>,
}

/// What is wrong with a trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrailFault {
    /// An event is not there, though later ones are or the record says that there were.
    Missing {
        /// Its number.
        sequence: u64,
    },
    /// An event, or the one before it, is not what was appended.
    Altered {
        /// Its number.
        sequence: u64,
    },
    /// The key under which an event was chained is not in the ring.
    UnknownKey {
        /// The event's number.
        sequence: u64,
    },
    /// The last event is another one than the record remembers.
    HeadDiffers,
}

/// The events that retention lets go of: how many, and the last of them.
struct OldEvents {
    last: End,
    count: u64,
}

const PAGE: usize = 500;

impl TwoFactor {
    /// The newest events of the account's trail, newest first, at most `limit`.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn events(&self, user: &UserId, limit: usize) -> Result<Vec<SecurityEvent>, Error> {
        let events = self.page(&AuditQuery::newest(user.clone(), limit)).await?;
        let shown = |AuditEvent { sequence, at, kind, detail, .. }| SecurityEvent { sequence, at, kind, detail };
        Ok(events.into_iter().map(shown).collect())
    }

    /// Checks one user's trail from its first event to its last. Events that are appended meanwhile are not looked at.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn verify_trail(&self, user: &UserId) -> Result<TrailReport, Error> {
        let ends = |turn: &Turn<'_>| (turn.account.trail.base.clone(), turn.account.trail.head.clone());
        let (mut last, head) = self.shell.look(user, &Client::default(), ends).await?;
        let mut report = TrailReport { events: 0, fault: None };
        while last.sequence < head.sequence {
            let page = self.page(&AuditQuery::oldest(user.clone(), PAGE).after(last.sequence)).await?;
            if page.is_empty() {
                report.fault = Some(TrailFault::Missing { sequence: last.sequence.saturating_add(1) });
                return Ok(report);
            }
            for event in page.iter().take_while(|event| event.sequence <= head.sequence) {
                let sequence = last.sequence.saturating_add(1);
                if event.sequence != sequence {
                    report.fault = Some(TrailFault::Missing { sequence });
                    return Ok(report);
                }
                if let Err(broken) = last.check_next(&self.shell.vault, user, event) {
                    report.fault = Some(match broken {
                        Broken::Altered => TrailFault::Altered { sequence },
                        Broken::UnknownKey => TrailFault::UnknownKey { sequence },
                    });
                    return Ok(report);
                }
                last = End::of(event);
                report.events = report.events.saturating_add(1);
            }
            if page.iter().all(|event| event.sequence > head.sequence) {
                report.fault = Some(TrailFault::Missing { sequence: last.sequence.saturating_add(1) });
                return Ok(report);
            }
        }
        if last != head {
            report.fault = Some(TrailFault::HeadDiffers);
        }
        Ok(report)
    }

    /// Lets go of the events before `before`. What is left stays provable: the record remembers where it begins. Gives how
    /// many are gone.
    ///
    /// A trail whose record is gone is left alone: there is nothing to remember by. One without an old event costs one look
    /// at its first.
    ///
    /// # Errors
    /// When there is no answer, or the trail is not what it was ([`Error::Unreadable`]): then nothing is let go, or less
    /// than could be.
    pub async fn prune_trail(&self, user: &UserId, before: Timestamp) -> Result<u64, Error> {
        let Some(old) = self.old_events(user, before).await? else { return Ok(0) };
        // The record first: a process that dies here leaves events that nobody needs, never a chain without a beginning.
        let move_base = |turn: &mut Turn<'_>| {
            let trail = &mut turn.account.trail;
            if trail.base.sequence >= old.last.sequence {
                return Ok(Decision::Keep(trail.base.sequence));
            }
            trail.base = old.last.clone();
            Ok(Decision::Save(trail.base.sequence))
        };
        let through = self.shell.decide(user, &Client::default(), move_base).await?;
        let (chain, mut gone) = (Chain::User(user.clone()), 0_u64);
        loop {
            match self.shell.store.prune(&chain, through).await.map_err(Error::Store)? {
                0 => return Ok(gone),
                more => gone = gone.saturating_add(more),
            }
        }
    }

    /// Says how many events [`prune_trail`](Self::prune_trail) would let go of, and writes nothing.
    ///
    /// # Errors
    /// As that.
    pub async fn rehearse_prune_trail(&self, user: &UserId, before: Timestamp) -> Result<u64, Error> {
        Ok(self.old_events(user, before).await?.map_or(0, |old| old.count))
    }

    /// The events before `before`, of a trail that is as it was written and whose record is there.
    async fn old_events(&self, user: &UserId, before: Timestamp) -> Result<Option<OldEvents>, Error> {
        let first = self.page(&AuditQuery::oldest(user.clone(), 1)).await?;
        if first.first().is_none_or(|event| event.at >= before) {
            return Ok(None);
        }
        let base = |turn: &Turn<'_>| turn.recorded.then(|| turn.account.trail.base.clone());
        let Some(last) = self.shell.look(user, &Client::default(), base).await? else { return Ok(None) };
        if self.verify_trail(user).await?.fault.is_some() {
            return Err(Error::Unreadable);
        }
        // Events that were let go of by a process that died before they were gone are among them.
        let (base, mut seen) = (last.sequence, 0);
        let mut old = OldEvents { last, count: 0 };
        loop {
            let page = self.page(&AuditQuery::oldest(user.clone(), PAGE).after(seen)).await?;
            for event in page.iter().take_while(|event| event.at < before || event.sequence <= base) {
                seen = event.sequence;
                old.count = old.count.saturating_add(1);
                if seen > base {
                    old.last = End::of(event);
                }
            }
            if page.last().is_none_or(|event| event.sequence != seen) {
                return Ok(Some(old));
            }
        }
    }

    async fn page(&self, query: &AuditQuery) -> Result<Vec<AuditEvent>, Error> {
        self.shell.store.audit(query).await.map_err(Error::Store)
    }
}
