//! What the engine promises, in as few words as that can be said: no storage, no crypto, no concurrency. Codes are the
//! numbers of their steps.

use proptest::prelude::*;
use proptest_state_machine::ReferenceStateMachine;

use crate::event::{Answer, Event, event};

/// The answer that is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owed {
    Done,
    Accepted {
        backup_codes_left: usize,
    },
    Wrong {
        attempts_left: u32,
    },
    Malformed,
    TicketInvalid,
    Spent {
        secs: u64,
    },
    Locked {
        secs: Option<u64>,
    },
    NotEnabled,
    /// Not a thing that can be asked of this user now.
    Nothing,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct User {
    pub(crate) enabled: bool,
    last_step: u64,
    backup: Vec<bool>,
    /// Every ticket there ever was; those that are over are `None`.
    tickets: Vec<Option<Ticket>>,
    answers: Tally,
    recovery: Tally,
    recent: Vec<u64>,
    locked_until: u64,
    in_row: u32,
    strikes: u32,
    disabled: bool,
}

#[derive(Clone, Copy, Debug)]
struct Ticket {
    opened: u64,
    order: usize,
    left: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    since: u64,
    count: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) now: u64,
    pub(crate) users: [User; 2],
    pub(crate) owed: Owed,
}

/// 2026-01-01, the beginning of a step.
pub(crate) const START: u64 = 1_767_225_600;
const QUARTER: u64 = 900;
/// Smaller than the defaults, so that a short sequence reaches them.
pub(crate) const FAILURES_TO_LOCK: u32 = 6;
pub(crate) const FAILURES_IN_ROW: u32 = 7;
pub(crate) const FAILURES_IN_LIFE: u32 = 10;
const HOUR: u64 = 3600;

impl ReferenceStateMachine for Model {
    type State = Self;
    type Transition = Event;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self { now: START, users: Default::default(), owed: Owed::Nothing }).boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Event> {
        event().boxed()
    }

    fn apply(mut state: Self, event: &Event) -> Self {
        let now = state.now;
        state.owed = match *event {
            Event::Enrol { user } => state.users[user].enrol(now),
            Event::OpenTicket { user } => state.users[user].open_ticket(now),
            Event::Answer { user, ticket, answer } => state.users[user].answer(now, Some(ticket), answer),
            Event::StepUp { user, answer } => state.users[user].answer(now, None, answer),
            Event::Disable { user, answer } => state.users[user].change(now, answer, User::strip),
            Event::Regenerate { user, answer } => state.users[user].change(now, answer, |user| {
                user.backup = vec![true; 10];
                user.end_tickets();
            }),
            Event::Unlock { user } => {
                // Where there is no lock, an admin takes nothing off.
                if state.users[user].has_lock(now) {
                    state.users[user].unlock(now);
                }
                Owed::Done
            }
            Event::Reset { user } => {
                state.users[user].unlock(now);
                state.users[user].strip();
                Owed::Done
            }
            Event::Wait { secs } => {
                state.now += secs;
                Owed::Nothing
            }
            Event::ClockBack { secs } => {
                state.now -= secs;
                Owed::Nothing
            }
            Event::Restart | Event::Conflicts { .. } => Owed::Nothing,
        };
        state
    }
}

impl User {
    fn enrol(&mut self, now: u64) -> Owed {
        if self.enabled {
            return Owed::Nothing;
        }
        self.end_tickets();
        self.enabled = true;
        self.last_step = now / 30;
        self.backup = vec![true; 10];
        self.strikes = 0;
        Owed::Done
    }

    fn open_ticket(&mut self, now: u64) -> Owed {
        if !self.enabled {
            return Owed::Nothing;
        }
        self.forget_expired(now);
        if self.tickets.iter().flatten().count() >= 5 {
            let oldest =
                |slot: &&mut Option<Ticket>| slot.map_or((u64::MAX, 0), |ticket| (ticket.opened, ticket.order));
            if let Some(slot) = self.tickets.iter_mut().min_by_key(oldest) {
                *slot = None;
            }
        }
        let order = self.tickets.len();
        self.tickets.push(Some(Ticket { opened: now, order, left: 5 }));
        Owed::Done
    }

    fn answer(&mut self, now: u64, ticket: Option<usize>, answer: Answer) -> Owed {
        let open = ticket.and_then(|index| self.tickets.get(index).copied().flatten());
        let open = open.filter(|ticket| now < ticket.opened + 300);
        if ticket.is_some() && open.is_none() {
            return Owed::TicketInvalid;
        }
        if !self.enabled {
            return Owed::NotEnabled;
        }
        let backup = matches!(answer, Answer::Backup(_) | Answer::WrongBackup);
        let locked = self.is_locked(now);
        if locked && !backup {
            let forever = self.disabled || self.strikes >= FAILURES_IN_LIFE;
            return Owed::Locked { secs: (!forever).then(|| self.locked_until - now) };
        }
        let (tally, window) = if locked { (self.recovery, HOUR) } else { (self.answers, QUARTER) };
        if tally.left(now, window) == 0 {
            return Owed::Spent { secs: (tally.since + window).saturating_sub(now.max(tally.since)) };
        }
        if open.is_some_and(|ticket| ticket.left == 0) {
            return Owed::TicketInvalid;
        }
        match answer {
            Answer::Malformed => return Owed::Malformed,
            Answer::Code(away) if away.abs() <= 1 => {
                let step = (now / 30).checked_add_signed(away).unwrap();
                if step > self.last_step {
                    self.last_step = step;
                    self.in_row = 0;
                    return self.redeem(now, ticket);
                }
            }
            Answer::Backup(n) if self.backup[n] => {
                self.backup[n] = false;
                self.unlock(now);
                return self.redeem(now, ticket);
            }
            Answer::Code(_) | Answer::Wrong | Answer::Others => self.charge(now, true),
            Answer::Backup(_) | Answer::WrongBackup if locked => self.recovery.charge(now, HOUR),
            Answer::Backup(_) | Answer::WrongBackup => self.charge(now, false),
        }
        self.forget_expired(now);
        let mut attempts_left = match answer {
            // What is left of the kind that was given.
            Answer::Backup(_) | Answer::WrongBackup if self.is_locked(now) => self.recovery.left(now, HOUR),
            _ if self.is_locked(now) => 0,
            _ => self.answers.left(now, QUARTER),
        };
        if let Some(ticket) = ticket.and_then(|index| self.tickets[index].as_mut()) {
            ticket.left -= 1;
            attempts_left = attempts_left.min(ticket.left);
        }
        Owed::Wrong { attempts_left }
    }

    /// A change that takes an answer first.
    fn change(&mut self, now: u64, answer: Answer, change: impl FnOnce(&mut Self)) -> Owed {
        let owed = self.answer(now, None, answer);
        if matches!(owed, Owed::Accepted { .. }) {
            change(self);
        }
        owed
    }

    fn redeem(&mut self, now: u64, ticket: Option<usize>) -> Owed {
        self.forget_expired(now);
        if let Some(index) = ticket {
            self.tickets[index] = None;
        }
        Owed::Accepted { backup_codes_left: self.backup.iter().filter(|live| **live).count() }
    }

    fn charge(&mut self, now: u64, code: bool) {
        self.answers.charge(now, QUARTER);
        self.recent.retain(|at| now.saturating_sub(*at) < HOUR);
        self.recent.push(now);
        if self.recent.len() >= FAILURES_TO_LOCK as usize {
            self.recent.clear();
            self.locked_until = now + HOUR;
        }
        self.in_row += 1;
        self.disabled |= self.in_row >= FAILURES_IN_ROW;
        self.strikes += u32::from(code);
    }

    fn unlock(&mut self, now: u64) {
        if self.has_lock(now) {
            self.answers = Tally::default();
            self.forget_expired(now);
        }
        self.disabled = false;
        self.locked_until = 0;
        self.in_row = 0;
        self.recent.clear();
        self.recovery = Tally::default();
    }

    fn strip(&mut self) {
        self.enabled = false;
        self.backup.clear();
        self.end_tickets();
        self.disabled = false;
        self.locked_until = 0;
        self.in_row = 0;
        self.recent.clear();
        self.recovery = Tally::default();
    }

    fn is_locked(&self, now: u64) -> bool {
        self.has_lock(now) || self.strikes >= FAILURES_IN_LIFE
    }

    fn has_lock(&self, now: u64) -> bool {
        self.disabled || now < self.locked_until
    }

    fn end_tickets(&mut self) {
        self.tickets.iter_mut().for_each(|ticket| *ticket = None);
    }

    /// With every change that is saved goes what has expired by then, and comes back with no clock.
    fn forget_expired(&mut self, now: u64) {
        for slot in &mut self.tickets {
            *slot = slot.filter(|ticket| now < ticket.opened + 300);
        }
    }
}

impl Tally {
    fn left(&self, now: u64, window: u64) -> u32 {
        if now.saturating_sub(self.since) >= window { 5 } else { 5 - self.count.min(5) }
    }

    fn charge(&mut self, now: u64, window: u64) {
        if self.count == 0 || now.saturating_sub(self.since) >= window {
            *self = Self { since: now, count: 0 };
        }
        self.count += 1;
    }
}
