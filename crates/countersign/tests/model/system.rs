//! The engine under test, driven by the model's events.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use countersign::{
    Authority, Beginning, Challenge, Change, Client, Confirmation, Enroller, HashPool, History, Lock, NewFactor,
    Policy, Purpose, Refusal, TwoFactor, Verification,
    backup_codes::{Kdf, Settings},
    clock::{ManualClock, Timestamp},
    otp::Digits,
    store::{Store, UserId},
    vault::{KeyRing, MasterKey, Vault},
};
use proptest_state_machine::StateMachineTest;
use tokio::runtime::{Builder, Runtime};

use crate::{
    event::{Answer, Event},
    faulty::Faulty,
    model::{FAILURES_IN_LIFE, FAILURES_IN_ROW, FAILURES_TO_LOCK, Model, Owed, START},
    phone::Phone,
};

pub(crate) struct System {
    runtime: Runtime,
    engine: TwoFactor,
    clock: ManualClock,
    now: u64,
    store: Arc<Faulty>,
    people: [Person; 2],
}

struct Person {
    user: UserId,
    phone: Option<Phone>,
    backup_codes: Vec<String>,
    tickets: Vec<String>,
}

/// A client of whom nothing is known.
static NOBODY: Client<'static> = Client { address: None, device_token: None, request_id: None };

impl StateMachineTest for System {
    type SystemUnderTest = Self;
    type Reference = Model;

    fn init_test(_: &Model) -> Self {
        let clock = ManualClock::at(Timestamp::from_secs(START));
        let store = Arc::new(Faulty::default());
        let person = |name| Person {
            user: UserId::new(name).unwrap(),
            phone: None,
            backup_codes: Vec::new(),
            tickets: Vec::new(),
        };
        Self {
            runtime: Builder::new_current_thread().enable_all().build().unwrap(),
            engine: engine(&clock, &store),
            clock,
            now: START,
            store,
            people: [person("ada"), person("bob")],
        }
    }

    fn apply(mut system: Self, model: &Model, event: Event) -> Self {
        let owed = model.owed;
        let got = match event {
            Event::Enrol { .. } | Event::OpenTicket { .. } if owed == Owed::Nothing => Owed::Nothing,
            Event::Enrol { user } => system.enrol(user),
            Event::OpenTicket { user } => system.open_ticket(user),
            Event::Answer { user, ticket, answer } => system.answer(user, ticket, answer),
            Event::StepUp { user, answer } => system.step_up(user, answer).0,
            Event::Disable { user, answer } => system.disable(user, answer),
            Event::Regenerate { user, answer } => system.regenerate(user, answer),
            Event::Unlock { user } => {
                let _ = system.runtime.block_on(system.engine.unlock(&system.people[user].user)).unwrap();
                Owed::Done
            }
            Event::Reset { user } => {
                let change = system.runtime.block_on(system.engine.reset(&system.people[user].user)).unwrap();
                assert!(matches!(change, Change::Done { .. }));
                Owed::Done
            }
            Event::Wait { secs } => system.set_clock(system.now + secs),
            Event::ClockBack { secs } => system.set_clock(system.now - secs),
            Event::Restart => {
                system.engine = engine(&system.clock, &system.store);
                Owed::Nothing
            }
            Event::Conflicts { count } => {
                system.store.conflicts.store(count, Ordering::SeqCst);
                Owed::Nothing
            }
        };
        assert_eq!(got, owed, "{event:?}");
        system
    }

    fn check_invariants(system: &Self, model: &Model) {
        for (person, user) in system.people.iter().zip(&model.users) {
            let status = system.runtime.block_on(system.engine.status(&person.user)).unwrap();
            assert_eq!(status.enabled, user.enabled);
        }
    }
}

impl System {
    fn set_clock(&mut self, secs: u64) -> Owed {
        self.now = secs;
        self.clock.set(Some(Timestamp::from_secs(secs)));
        Owed::Nothing
    }

    fn enrol(&mut self, user: usize) -> Owed {
        let person = &mut self.people[user];
        let authority = Authority::FirstFactor { user: &person.user, history: History::Never };
        let new = NewFactor { account: "somebody@example.com", ..NewFactor::default() };
        let begun = self.runtime.block_on(self.engine.begin_totp(authority, new, &NOBODY)).unwrap();
        let Beginning::Begun(enrolment) = begun else { panic!("{begun:?}") };
        let phone = Phone::scan(&enrolment);
        let code = phone.code(self.now, 0);
        let by = Enroller::User(&person.user);
        let confirmed = self.runtime.block_on(self.engine.confirm(by, None, &code, &NOBODY)).unwrap();
        let Confirmation::Enabled { backup_codes, .. } = confirmed else { panic!("{confirmed:?}") };
        person.phone = Some(phone);
        person.backup_codes = backup_codes.iter().map(|code| code.expose_str().to_owned()).collect();
        Owed::Done
    }

    fn open_ticket(&mut self, user: usize) -> Owed {
        let person = &mut self.people[user];
        let gate = self.engine.after_first_factor(&person.user, History::Enrolled, &NOBODY);
        let Challenge::Ticket(ticket) = self.runtime.block_on(gate).unwrap() else { panic!("no ticket") };
        person.tickets.push(ticket.token.expose_str().to_owned());
        Owed::Done
    }

    fn answer(&mut self, user: usize, ticket: usize, answer: Answer) -> Owed {
        let Some(ticket) = self.people[user].tickets.get(ticket).cloned() else {
            return self
                .told(
                    self.runtime.block_on(self.engine.verify("", self.typed(user, answer).borrow(), &NOBODY)).unwrap(),
                )
                .0;
        };
        let typed = self.typed(user, answer);
        let verified = self.engine.verify(&ticket, typed.borrow(), &NOBODY);
        self.told(self.runtime.block_on(verified).unwrap()).0
    }

    fn step_up(&mut self, user: usize, answer: Answer) -> (Owed, Option<countersign::SecondFactorProof>) {
        let typed = self.typed(user, answer);
        let asked = self.engine.step_up(&self.people[user].user, Purpose::Manage, typed.borrow(), &NOBODY);
        self.told(self.runtime.block_on(asked).unwrap())
    }

    fn disable(&mut self, user: usize, answer: Answer) -> Owed {
        let (owed, proof) = self.step_up(user, answer);
        if let Some(proof) = proof {
            let change = self.runtime.block_on(self.engine.disable(proof, &NOBODY)).unwrap();
            assert!(matches!(change, Change::Done { .. }), "{change:?}");
        }
        owed
    }

    fn regenerate(&mut self, user: usize, answer: Answer) -> Owed {
        let (owed, proof) = self.step_up(user, answer);
        if let Some(proof) = proof {
            let change = self.engine.regenerate_backup_codes(proof, &NOBODY);
            let Change::Done { value: codes, .. } = self.runtime.block_on(change).unwrap() else { panic!("refused") };
            self.people[user].backup_codes = codes.iter().map(|code| code.expose_str().to_owned()).collect();
        }
        owed
    }

    fn told(&self, verification: Verification) -> (Owed, Option<countersign::SecondFactorProof>) {
        let refusal = match verification {
            Verification::Accepted { proof, backup_codes_left } => {
                return (Owed::Accepted { backup_codes_left }, Some(proof));
            }
            Verification::Refused(refusal) => refusal,
        };
        let owed = match refusal {
            Refusal::WrongCode { attempts_left } => Owed::Wrong { attempts_left },
            Refusal::MalformedCode => Owed::Malformed,
            Refusal::TicketInvalid => Owed::TicketInvalid,
            Refusal::BudgetSpent { retry_after } => Owed::Spent { secs: retry_after.as_secs() },
            Refusal::Locked { retry_after } => Owed::Locked { secs: retry_after.map(|after| after.as_secs()) },
            Refusal::NotEnabled => Owed::NotEnabled,
            other => panic!("{other:?}"),
        };
        (owed, None)
    }

    fn typed(&self, user: usize, answer: Answer) -> Typed {
        let code = |who: usize, away: i64| {
            let phone = self.people[who].phone.as_ref();
            phone.map_or_else(|| "12345678".to_owned(), |phone| phone.code(self.now, away))
        };
        match answer {
            Answer::Code(away) => Typed::Code(code(user, away)),
            Answer::Others => Typed::Code(code(1 - user, 0)),
            Answer::Wrong => {
                let phone = self.people[user].phone.as_ref();
                Typed::Code(phone.map_or_else(|| "12345678".to_owned(), |phone| phone.wrong(self.now)))
            }
            Answer::Malformed => Typed::Code("12345".to_owned()),
            Answer::WrongBackup => Typed::Backup("0000-0000-0000-0000".to_owned()),
            Answer::Backup(n) => {
                let code = self.people[user].backup_codes.get(n).cloned();
                Typed::Backup(code.unwrap_or_else(|| "0000-0000-0000-0000".to_owned()))
            }
        }
    }
}

enum Typed {
    Code(String),
    Backup(String),
}

impl Typed {
    fn borrow(&self) -> countersign::Answer<'_> {
        match self {
            Self::Code(code) => countersign::Answer::Code(code),
            Self::Backup(code) => countersign::Answer::BackupCode(code),
        }
    }
}

fn engine(clock: &ManualClock, store: &Arc<Faulty>) -> TwoFactor {
    let quick = Kdf::danger_parse("$argon2id$v=19$m=8,t=1,p=1").unwrap();
    let policy = Policy::builder()
        .required(false)
        // With six digits the codes of two near steps are the same so often that a long run meets it.
        .digits(Digits::EIGHT)
        .backup_codes(Settings::new().kdf(quick))
        .lock(Lock { failures: FAILURES_TO_LOCK, ..Policy::default().lock() })
        .failures_in_row(FAILURES_IN_ROW)
        .failures_in_life(FAILURES_IN_LIFE)
        .build()
        .unwrap();
    let key = MasterKey::from_hex("8f1d0c5b7a3e92d46b0f5e8a1c7d3b29e4f6081a2c9d7b5e3f1a0c8d6b4e2f19").unwrap();
    TwoFactor::builder()
        .store(Arc::clone(store) as Arc<dyn Store>)
        .vault(Arc::new(Vault::new(KeyRing::new(key))))
        .clock(Arc::new(Steady(clock.clone())))
        .policy(policy)
        .hash_pool(HashPool::new(std::num::NonZeroUsize::MIN, 8))
        .issuer("Example")
        .build()
        .unwrap()
}

/// The manual clock, whose monotonic hand the tests never move: no deadline passes while a sequence runs.
#[derive(Debug)]
struct Steady(ManualClock);

impl countersign::clock::Clock for Steady {
    fn now(&self) -> Option<Timestamp> {
        self.0.now()
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}
