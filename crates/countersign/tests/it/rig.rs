use std::{sync::Arc, time::Duration};

use countersign::{
    Allowance, Answer, Authority, Beginning, Challenge, Client, Confirmation, Enroller, Enrolment, FactorId, HashPool,
    History, NewFactor, Policy, PolicyBuilder, Purpose, Refusal, SecondFactorProof, TwoFactor, Verification,
    backup_codes::{Kdf, Settings},
    clock::{Clock, ManualClock, Timestamp},
    store::{Store, UserId},
    vault::{KeyRing, MasterKey, Vault},
};

use crate::phone::Phone;

/// An engine, its clock and its store, with one user.
pub(crate) struct Rig {
    pub(crate) engine: TwoFactor,
    pub(crate) clock: ManualClock,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) user: UserId,
}

/// A user with a live factor.
pub(crate) struct Enrolled {
    pub(crate) rig: Rig,
    pub(crate) phone: Phone,
    pub(crate) factor: FactorId,
    pub(crate) codes: Vec<String>,
}

/// 2026-01-01, the beginning of a step.
pub(crate) const START: Timestamp = Timestamp::from_secs(1_767_225_600);

/// A key that is used nowhere else.
pub(crate) const KEY: &str = "8f1d0c5b7a3e92d46b0f5e8a1c7d3b29e4f6081a2c9d7b5e3f1a0c8d6b4e2f19";

pub(crate) fn client() -> Client<'static> {
    Client::default()
}

pub(crate) fn vault() -> Arc<Vault> {
    Arc::new(Vault::new(KeyRing::new(MasterKey::from_hex(KEY).unwrap())))
}

/// The defaults, but with backup codes hashed so quickly that a test can have many.
pub(crate) fn policy() -> PolicyBuilder {
    let quick = Kdf::danger_parse("$argon2id$v=19$m=64,t=1,p=1").unwrap();
    Policy::builder().backup_codes(Settings::new().kdf(quick))
}

impl Rig {
    pub(crate) async fn new(policy: PolicyBuilder) -> Self {
        Self::on(policy, crate::backend::store().await)
    }

    pub(crate) fn on(policy: PolicyBuilder, store: Arc<dyn Store>) -> Self {
        let clock = ManualClock::at(START);
        let engine = engine(policy, &clock, &store);
        Self { engine, clock, store, user: UserId::new("user-1").unwrap() }
    }

    pub(crate) fn secs(&self) -> u64 {
        self.clock.now().unwrap().as_secs()
    }

    pub(crate) fn wait(&self, secs: u64) {
        self.clock.advance(Duration::from_secs(secs));
    }

    /// The factor and the method that the last event of a kind names.
    pub(crate) async fn detail(&self, user: &UserId, kind: &str) -> (Option<String>, Option<String>) {
        let events = self.engine.events(user, 1000).await.unwrap();
        let event = events.iter().find(|event| event.kind == kind).unwrap();
        let detail: serde_json::Value = serde_json::from_str(&event.detail).unwrap();
        let text = |name: &str| detail.get(name).and_then(|value| value.as_str()).map(str::to_owned);
        (text("factor"), text("method"))
    }

    pub(crate) async fn begin(&self, authority: Authority<'_>) -> Enrolment {
        let new = NewFactor { account: "ada@example.com", ..NewFactor::default() };
        match self.engine.begin_totp(authority, new, &client()).await.unwrap() {
            Beginning::Begun(enrolment) => *enrolment,
            Beginning::Refused(refusal) => panic!("{refusal:?}"),
        }
    }

    pub(crate) async fn begin_refused(&self, authority: Authority<'_>) -> Refusal {
        let new = NewFactor { account: "ada@example.com", ..NewFactor::default() };
        match self.engine.begin_totp(authority, new, &client()).await.unwrap() {
            Beginning::Begun(_) => panic!("begun"),
            Beginning::Refused(refusal) => refusal,
        }
    }

    pub(crate) async fn setup_ticket(&self) -> String {
        match self.engine.after_first_factor(&self.user, History::Never, &client()).await.unwrap() {
            Challenge::SetupRequired(ticket) => ticket.token.expose_str().to_owned(),
            other => panic!("{other:?}"),
        }
    }

    /// Signs up: a set-up ticket, a secret, the code that confirms it.
    pub(crate) async fn enrol(self) -> Enrolled {
        let ticket = self.setup_ticket().await;
        let enrolment = self.begin(Authority::Ticket(&ticket)).await;
        self.confirm(Enroller::Ticket(&ticket), enrolment).await
    }

    /// Turns the second factor on where it is optional: on the word of a host that has just checked the password.
    pub(crate) async fn enrol_by_first_factor(self) -> Enrolled {
        let user = self.user.clone();
        let enrolment = self.begin(Authority::FirstFactor { user: &user, history: History::Never }).await;
        self.confirm(Enroller::User(&user), enrolment).await
    }

    async fn confirm(self, by: Enroller<'_>, enrolment: Enrolment) -> Enrolled {
        let phone = Phone::scan(&enrolment);
        let code = phone.code(self.secs(), 0);
        match self.engine.confirm(by, Some(enrolment.factor_id), &code, &client()).await.unwrap() {
            Confirmation::Enabled { factor_id, backup_codes, proof } => {
                assert_eq!(proof.purpose(), Purpose::SignIn);
                let codes = backup_codes.iter().map(|code| code.expose_str().to_owned()).collect();
                Enrolled { rig: self, phone, factor: factor_id, codes }
            }
            Confirmation::Refused(refusal) => panic!("{refusal:?}"),
        }
    }
}

impl Enrolled {
    pub(crate) async fn new() -> Self {
        Rig::new(policy()).await.enrol().await
    }

    pub(crate) fn code(&self, steps: i64) -> String {
        self.phone.code(self.rig.secs(), steps)
    }

    pub(crate) fn wrong(&self) -> String {
        self.phone.wrong(self.rig.secs())
    }

    pub(crate) async fn ticket(&self) -> String {
        match self.rig.engine.after_first_factor(&self.rig.user, History::Enrolled, &client()).await.unwrap() {
            Challenge::Ticket(ticket) => ticket.token.expose_str().to_owned(),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn answer(&self, ticket: &str, answer: Answer<'_>) -> Verification {
        self.rig.engine.verify(ticket, answer, &client()).await.unwrap()
    }

    /// A whole sign-in with a ticket of its own.
    pub(crate) async fn sign_in(&self, answer: Answer<'_>) -> Verification {
        let ticket = self.ticket().await;
        self.answer(&ticket, answer).await
    }

    /// A proof for changing the factors, with a code that cannot have been used yet.
    pub(crate) async fn manage(&self) -> SecondFactorProof {
        self.rig.wait(60);
        let code = self.code(0);
        let answer = Answer::Code(&code);
        accepted(self.rig.engine.step_up(&self.rig.user, Purpose::Manage, answer, &client()).await.unwrap())
    }
}

pub(crate) fn engine(policy: PolicyBuilder, clock: &ManualClock, store: &Arc<dyn Store>) -> TwoFactor {
    TwoFactor::builder()
        .store(Arc::clone(store))
        .vault(vault())
        .clock(Arc::new(clock.clone()))
        .policy(policy.build().unwrap())
        .hash_pool(HashPool::new(std::num::NonZeroUsize::new(2).unwrap(), 1000))
        .issuer("Example")
        .build()
        .unwrap()
}

pub(crate) fn accepted(verification: Verification) -> SecondFactorProof {
    match verification {
        Verification::Accepted { proof, .. } => proof,
        Verification::Refused(refusal) => panic!("{refusal:?}"),
    }
}

pub(crate) fn refused(verification: Verification) -> Refusal {
    match verification {
        Verification::Refused(refusal) => refusal,
        Verification::Accepted { .. } => panic!("accepted"),
    }
}

pub(crate) fn is_wrong(verification: Verification) -> bool {
    matches!(verification, Verification::Refused(Refusal::WrongCode { .. }))
}

pub(crate) const fn allowance(limit: u32, secs: u64) -> Allowance {
    Allowance { limit, window: Duration::from_secs(secs) }
}
