//! A whole verification: ticket opened, record loaded, code compared, claimed and saved with its audit event. On the
//! in-memory store, and on a SQLite file that waits for the disk, with 1 and 64 callers.

use std::{sync::Arc, time::Duration};

use countersign::{
    Answer, Authority, Beginning, Challenge, Client, Confirmation, Enroller, Generator, History, NewFactor,
    SystemRandom, TwoFactor, Verification,
    clock::{ManualClock, Timestamp},
    otp::Digits,
    store::{MemoryStore, Store, UserId},
    vault::{KeyRing, MasterKey, Vault},
};
use countersign_sqlx::{Database, SqlStore, SqliteOptions};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use tokio::{runtime::Runtime, task::JoinSet};
use totp_rs::Totp;

const START: u64 = 1_767_225_600;
static NOBODY: Client<'static> = Client { address: None, device_token: None, request_id: None };

/// An engine whose clock goes on by a step whenever codes are wanted.
struct Rig {
    engine: TwoFactor,
    clock: ManualClock,
    now: u64,
}

/// Somebody with an authenticator, which is `totp-rs`: codes never come from the code that is measured.
struct Person {
    user: UserId,
    authenticator: Totp,
}

/// A ticket and the code that answers it.
type Prepared = (String, String);

impl Rig {
    fn new(store: Arc<dyn Store>) -> Self {
        let clock = ManualClock::at(Timestamp::from_secs(START));
        let key = MasterKey::generate(&mut Generator(&SystemRandom)).expect("a key");
        let engine = TwoFactor::builder()
            .store(store)
            .vault(Arc::new(Vault::new(KeyRing::new(key))))
            .clock(Arc::new(clock.clone()))
            .issuer("Example")
            .build()
            .expect("an engine");
        Self { engine, clock, now: START }
    }

    async fn enrol(&self, number: usize) -> Person {
        let user = UserId::new(format!("user-{number}")).expect("a user id");
        let by = Authority::FirstFactor { user: &user, history: History::Never };
        // Eight digits: codes of neighbouring steps are the same once in a million times with six, and so many are made.
        let digits = Some(Digits::EIGHT);
        let new = NewFactor { account: "ada@example.com", digits, ..NewFactor::default() };
        let Ok(Beginning::Begun(shown)) = self.engine.begin_totp(by, new, &NOBODY).await else { panic!("not begun") };
        let authenticator = Totp::from_url(shown.uri.expose_str()).expect("a key URI");
        let code = authenticator.generate(self.now).to_string();
        let confirmed = self.engine.confirm(Enroller::User(&user), None, &code, &NOBODY).await;
        assert!(matches!(confirmed, Ok(Confirmation::Enabled { .. })));
        Person { user, authenticator }
    }

    fn next_step(&mut self) {
        self.now += 30;
        self.clock.advance(Duration::from_secs(30));
    }

    async fn prepare(&self, person: &Person) -> Prepared {
        let gate = self.engine.after_first_factor(&person.user, History::Enrolled, &NOBODY).await;
        let Ok(Challenge::Ticket(ticket)) = gate else { panic!("no ticket") };
        (ticket.token.expose_str().to_owned(), person.authenticator.generate(self.now).to_string())
    }
}

async fn verify(engine: &TwoFactor, (ticket, code): &Prepared) {
    let answer = engine.verify(ticket, Answer::Code(code), &NOBODY).await;
    assert!(matches!(answer, Ok(Verification::Accepted { .. })), "{answer:?}");
}

fn in_memory(c: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let mut rig = Rig::new(Arc::new(MemoryStore::new()));
    let person = runtime.block_on(rig.enrol(0));
    c.bench_function("engine/verify/memory", |b| {
        let engine = rig.engine.clone();
        b.iter_batched(
            || {
                rig.next_step();
                runtime.block_on(rig.prepare(&person))
            },
            |prepared| runtime.block_on(verify(&engine, &prepared)),
            BatchSize::PerIteration,
        );
    });
}

fn on_sqlite(c: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let store = runtime.block_on(async {
        let database =
            Database::open_sqlite(folder.path().join("bench.db"), SqliteOptions::default()).await.expect("opens");
        SqlStore::migrate(&database).await.expect("migrates");
        SqlStore::new(database)
    });
    let mut rig = Rig::new(Arc::new(store));
    let mut group = c.benchmark_group("engine/verify/sqlite");
    let mut people = Vec::new();
    for callers in [1, 64] {
        while people.len() < callers {
            people.push(runtime.block_on(rig.enrol(people.len())));
        }
        group.throughput(Throughput::Elements(callers as u64));
        let engine = rig.engine.clone();
        group.bench_function(format!("{callers} callers"), |b| {
            b.iter_batched(
                || {
                    rig.next_step();
                    let mut prepared = Vec::new();
                    for person in &people[..callers] {
                        prepared.push(runtime.block_on(rig.prepare(person)));
                    }
                    prepared
                },
                |prepared| {
                    let mut callers = JoinSet::new();
                    for prepared in prepared {
                        let engine = engine.clone();
                        callers.spawn_on(async move { verify(&engine, &prepared).await }, runtime.handle());
                    }
                    runtime.block_on(callers.join_all());
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(engine, in_memory, on_sqlite);
criterion_main!(engine);
