//! What is told of what happens: to the audit trail, to the host, to the log and to whoever counts.

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use countersign::{
    Answer, Change, Client, Epoch, EventKind, HashPool, Notice, Observer, TwoFactor,
    clock::{Clock, Timestamp},
    store::{Store, UserId},
    vault::{Context, Purpose},
};
use metrics::{Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use tracing::{Event, Subscriber, field::Visit, span};

use crate::rig::{Enrolled, Rig, accepted, client, is_wrong, policy, refused, vault};

/// Kinds and details of the trail after the set-up.
async fn trail(ada: &Enrolled) -> Vec<(String, String)> {
    let mut events = ada.rig.engine.events(&ada.rig.user, 1000).await.unwrap();
    events.reverse();
    events.into_iter().skip(2).map(|event| (event.kind, event.detail)).collect()
}

#[tokio::test]
async fn an_event_has_its_factor_its_method_its_purpose_and_its_request() {
    let ada = Enrolled::new().await;
    let from = Client { request_id: Some("r-1"), ..client() };
    let (first, later, wrong) = (ada.code(0), ada.code(1), ada.wrong());
    let backup = Answer::BackupCode(&ada.codes[0]);
    for answer in [Answer::Code(&first), Answer::Code(&wrong), Answer::Code(&later), backup, backup] {
        let ticket = ada.ticket().await;
        let _ = ada.rig.engine.verify(&ticket, answer, &from).await.unwrap();
    }
    let _ = ada.rig.engine.rename_factor(&ada.rig.user, ada.factor, "Phone", &from).await.unwrap();
    let factor = ada.factor;
    let expected = [
        ("code_replayed", format!(r#"{{"factor":"{factor}","method":"totp","purpose":"sign_in","request_id":"r-1"}}"#)),
        ("code_refused", r#"{"purpose":"sign_in","request_id":"r-1"}"#.to_owned()),
        (
            "code_accepted",
            format!(r#"{{"factor":"{factor}","method":"totp","purpose":"sign_in","drift":1,"request_id":"r-1"}}"#),
        ),
        ("backup_code_used", r#"{"method":"backup_code","purpose":"sign_in","request_id":"r-1"}"#.to_owned()),
        ("backup_code_refused", r#"{"method":"backup_code","purpose":"sign_in","request_id":"r-1"}"#.to_owned()),
        ("factor_renamed", format!(r#"{{"factor":"{factor}","method":"totp","request_id":"r-1"}}"#)),
    ];
    let told = trail(&ada).await;
    assert_eq!(told[0], ("challenge_opened".to_owned(), r#"{"purpose":"sign_in"}"#.to_owned()));
    let told: Vec<_> = told.iter().filter(|(kind, _)| kind != "challenge_opened").collect();
    assert_eq!(told.len(), expected.len());
    for ((kind, detail), (expected_kind, expected_detail)) in told.into_iter().zip(&expected) {
        assert_eq!((kind.as_str(), detail), (*expected_kind, expected_detail));
    }
}

#[tokio::test]
async fn the_set_up_says_which_factor_and_of_which_kind() {
    let ada = Enrolled::new().await;
    let pending = ada.rig.begin(countersign::Authority::Proof(ada.manage().await)).await;
    let by = countersign::Enroller::User(&ada.rig.user);
    let wrong = crate::phone::Phone::scan(&pending).wrong(ada.rig.secs());
    let _ = ada.rig.engine.confirm(by, None, &wrong, &client()).await.unwrap();
    let right = crate::phone::Phone::scan(&pending).code(ada.rig.secs(), 0);
    let _ = ada.rig.engine.confirm(by, None, &right, &client()).await.unwrap();
    let removed = ada.rig.engine.remove_factor(ada.manage().await, ada.factor, &client()).await.unwrap();
    assert!(matches!(removed, Change::Done { .. }));
    let of = |id| format!(r#"{{"factor":"{id}","method":"totp"}}"#);
    let told = trail(&ada).await;
    for (kind, detail) in [
        ("enrolment_begun", of(pending.factor_id)),
        ("enrolment_refused", of(pending.factor_id)),
        ("factor_added", of(pending.factor_id)),
        ("factor_removed", of(ada.factor)),
    ] {
        assert!(told.contains(&(kind.to_owned(), detail.clone())), "{kind} {detail} in {told:?}");
    }
}

#[tokio::test]
async fn an_address_is_kept_sealed_to_its_user() {
    let ada = Enrolled::new().await;
    let ticket = ada.ticket().await;
    let from = Client { address: Some("192.0.2.77".parse().unwrap()), ..client() };
    let _ = accepted(ada.rig.engine.verify(&ticket, Answer::Code(&ada.code(1)), &from).await.unwrap());
    let detail = &trail(&ada).await[1].1;
    let sealed = detail.split(r#""address":""#).nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
    let opened = vault().open(&Context::new(Purpose::ADDRESS, ada.rig.user.as_str()), &sealed).unwrap();
    assert_eq!(opened.expose_bytes(), b"192.0.2.77");
    assert!(vault().open(&Context::new(Purpose::ADDRESS, "user-2"), &sealed).is_err());
}

#[tokio::test]
async fn the_drift_of_an_accepted_code_is_what_it_was() {
    for drift in [-1, 0, 1] {
        let ada = Enrolled::new().await;
        ada.rig.wait(300);
        let _ = accepted(ada.sign_in(Answer::Code(&ada.code(drift))).await);
        assert!(trail(&ada).await[1].1.contains(&format!(r#""drift":{drift}"#)), "{drift}");
    }
}

#[tokio::test]
async fn a_long_request_id_is_cut() {
    let ada = Enrolled::new().await;
    let ticket = ada.ticket().await;
    let from = Client { request_id: Some(&"r".repeat(1000)), ..client() };
    let _ = ada.rig.engine.verify(&ticket, Answer::Code(&ada.code(1)), &from).await.unwrap();
    assert_eq!(
        trail(&ada).await[1].1.matches('r').count(),
        64 + r#"factor purpose drift request"#.matches('r').count()
    );
}

/// A host's ear.
#[derive(Debug, Default)]
struct Heard {
    notices: Mutex<Vec<(EventKind, Timestamp)>>,
    epochs: Mutex<Vec<(UserId, Epoch)>>,
}

impl Observer for Heard {
    fn notice(&self, notice: &Notice<'_>) {
        assert_eq!(notice.user.as_str(), "user-1");
        self.notices.lock().unwrap().push((notice.kind, notice.at));
    }

    fn epoch_raised(&self, user: &UserId, epoch: Epoch) {
        self.epochs.lock().unwrap().push((user.clone(), epoch));
    }
}

/// A user whose host listens.
async fn heard() -> (Arc<Heard>, Enrolled) {
    let heard = Arc::new(Heard::default());
    let mut rig = Rig::new(policy().required(false)).await;
    rig.engine = TwoFactor::builder()
        .store(Arc::clone(&rig.store))
        .vault(vault())
        .clock(Arc::new(rig.clock.clone()))
        .policy(policy().required(false).build().unwrap())
        .hash_pool(HashPool::new(std::num::NonZeroUsize::MIN, 10))
        .observer(Arc::clone(&heard) as Arc<dyn Observer>)
        .issuer("Example")
        .build()
        .unwrap();
    (heard, rig.enrol_by_first_factor().await)
}

#[tokio::test]
async fn the_owner_hears_of_what_concerns_them_and_the_host_of_every_new_epoch() {
    let (heard, ada) = heard().await;
    let engine = &ada.rig.engine;
    let kinds = || -> Vec<_> { heard.notices.lock().unwrap().drain(..).map(|(kind, _)| kind).collect() };
    let raised = || heard.epochs.lock().unwrap().drain(..).collect::<Vec<_>>();
    assert_eq!(kinds(), [EventKind::FactorAdded]);
    let epoch = engine.epoch(&ada.rig.user).await.unwrap();
    assert_eq!(raised(), [(ada.rig.user.clone(), epoch)]);

    for _ in 0..4 {
        assert!(is_wrong(ada.sign_in(Answer::Code(&ada.wrong())).await));
    }
    let proof = accepted(ada.sign_in(Answer::Code(&ada.code(1))).await);
    let _ = engine.remember_device(&proof, &client()).await.unwrap();
    let _ = engine.forget_devices(&ada.rig.user, &client()).await.unwrap();
    assert!(is_wrong(ada.sign_in(Answer::Code(&ada.wrong())).await));
    let refused = EventKind::CodeRefused;
    let devices = [EventKind::DeviceRemembered, EventKind::DevicesForgotten];
    let expected = [[refused; 4].as_slice(), &devices, &[refused, EventKind::RepeatedFailures]].concat();
    assert_eq!(kinds(), expected, "the fifth of the month, a right one between");
    ada.rig.wait(900);
    for _ in 0..5 {
        assert!(is_wrong(ada.sign_in(Answer::Code(&ada.wrong())).await));
    }
    assert_eq!(kinds(), [[refused; 5].as_slice(), &[EventKind::Locked]].concat());
    let _ = accepted(ada.sign_in(Answer::BackupCode(&ada.codes[0])).await);
    assert_eq!(kinds(), [EventKind::BackupCodeUsed, EventKind::Unlocked]);
    assert!(raised().is_empty(), "no factor has changed");

    let at = ada.rig.clock.now().unwrap().saturating_add(std::time::Duration::from_secs(60));
    let Change::Done { epoch, .. } = engine.disable(ada.manage().await, &client()).await.unwrap() else { panic!() };
    assert_eq!(heard.notices.lock().unwrap().as_slice(), [(EventKind::TurnedOff, at)]);
    assert_eq!(raised(), [(ada.rig.user.clone(), epoch)]);
}

#[tokio::test]
async fn nobody_is_told_of_what_was_not_saved() {
    let store = Arc::new(crate::faulty::Faulty::default());
    let heard = Arc::new(Heard::default());
    let mut ada = Rig::on(policy(), Arc::clone(&store) as Arc<dyn Store>).enrol().await;
    let ticket = ada.ticket().await;
    ada.rig.engine = TwoFactor::builder()
        .store(Arc::clone(&ada.rig.store))
        .vault(vault())
        .clock(Arc::new(ada.rig.clock.clone()))
        .observer(Arc::clone(&heard) as Arc<dyn Observer>)
        .issuer("Example")
        .build()
        .unwrap();
    store.unreachable.store(true, Ordering::SeqCst);
    assert!(ada.rig.engine.verify(&ticket, Answer::Code(&ada.wrong()), &client()).await.is_err());
    assert!(heard.notices.lock().unwrap().is_empty());
    store.unreachable.store(false, Ordering::SeqCst);
    store.conflicts.store(2, Ordering::SeqCst);
    assert!(is_wrong(ada.rig.engine.verify(&ticket, Answer::Code(&ada.wrong()), &client()).await.unwrap()));
    assert_eq!(heard.notices.lock().unwrap().len(), 1, "once, however often it was decided");
}

/// Everything that is counted, as text, in the order it comes.
#[derive(Clone, Debug, Default)]
struct Counts(Arc<Mutex<Vec<String>>>);

struct One(Counts, String);

impl Counts {
    fn one(&self, key: &Key) -> Arc<One> {
        let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        Arc::new(One(self.clone(), format!("{} {}", key.name(), labels.join(" "))))
    }
}

impl metrics::CounterFn for One {
    fn increment(&self, value: u64) {
        self.0.0.lock().unwrap().push(format!("{} +{value}", self.1));
    }

    fn absolute(&self, _: u64) {}
}

impl HistogramFn for One {
    fn record(&self, value: f64) {
        self.0.0.lock().unwrap().push(format!("{}{value}", self.1));
    }
}

impl Recorder for Counts {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.one(key))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.one(key))
    }
}

/// Runs `work` where it is counted and logged, and gives what was.
fn listened(work: impl Future<Output = ()>) -> (Vec<String>, Vec<String>) {
    let (counts, log) = (Counts::default(), Log::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    metrics::with_local_recorder(&counts, || {
        tracing::subscriber::with_default(log.clone(), || runtime.block_on(work));
    });
    let counted = counts.0.lock().unwrap().clone();
    let logged = log.lines.lock().unwrap().clone();
    (counted, logged)
}

#[test]
fn answers_refusals_and_drift_are_counted() {
    let (counted, _) = listened(async {
        let store = Arc::new(crate::faulty::Faulty::default());
        let ada = Rig::on(policy(), Arc::clone(&store) as Arc<dyn Store>).enrol().await;
        let ticket = ada.ticket().await;
        store.conflicts.store(1, Ordering::SeqCst);
        let _ = accepted(ada.answer(&ticket, Answer::Code(&ada.code(1))).await);
        let _ = refused(ada.answer(&ticket, Answer::Code(&ada.code(1))).await);
        let _ = refused(ada.answer("made up", Answer::Code(&ada.code(1))).await);
    });
    assert_eq!(
        counted,
        [
            "countersign_events_total kind=enrolment_begun +1",
            "countersign_argon2_hashes_total  +10",
            "countersign_events_total kind=factor_added +1",
            "countersign_events_total kind=challenge_opened +1",
            "countersign_conflicts_total  +1",
            "countersign_events_total kind=code_accepted +1",
            "countersign_accepted_drift_steps 1",
            "countersign_refusals_total reason=ticket_invalid +1",
            "countersign_refusals_total reason=ticket_invalid +1",
        ]
    );
}

#[test]
fn the_log_has_the_fields_of_the_trail_and_no_secret() {
    let (_, logged) = listened(async {
        let ada = Enrolled::new().await;
        let ticket = ada.ticket().await;
        let address = Some("192.0.2.77".parse().unwrap());
        let from = Client { request_id: Some("r-1"), address, ..client() };
        let code = ada.code(1);
        let _ = accepted(ada.rig.engine.verify(&ticket, Answer::Code(&code), &from).await.unwrap());
        let factor = ada.factor;
        // What the test has to look for goes the same way.
        tracing::info!(target: "countersign_test", code, ticket, %factor, address = trail(&ada).await[1].1);
    });
    let known = logged.last().unwrap();
    let last = |what: &str| logged[..logged.len() - 1].iter().rfind(|line| line.starts_with(what)).unwrap();
    let (event, span) = (last("event"), last("span"));
    let value = |name: &str| {
        let (_, rest) = known.split_once(&format!(" {name}=")).unwrap();
        rest.split(' ').next().unwrap().trim_matches('"').to_owned()
    };
    let (factor, code, ticket) = (value("factor"), value("code"), value("ticket"));
    for part in
        ["span second_factor", "user=user-1", r#"request_id="r-1""#, r#"event="code_accepted""#, r#"method="totp""#]
    {
        assert!(span.contains(part), "{part} in {span}");
    }
    assert!(event.contains(r#"event="code_accepted""#) && event.contains(r#"purpose="sign_in""#), "{event}");
    assert!(event.contains("drift=1") && event.contains("sequence=4"), "{event}");
    for line in [event, span] {
        assert!(line.contains(&format!("factor={factor}")) && line.contains(r#"address="cs1."#), "{line}");
    }
    for line in &logged[..logged.len() - 1] {
        assert!(![&*code, &*ticket, "192.0.2"].iter().any(|secret| line.contains(secret)), "{line}");
    }
}

/// A log of lines: spans as they end, events as they come.
#[derive(Clone, Default)]
struct Log {
    lines: Arc<Mutex<Vec<String>>>,
    spans: Arc<Mutex<Vec<String>>>,
    ids: Arc<AtomicU64>,
}

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn fmt::Debug) {
        self.0.push_str(&format!(" {field}={value:?}"));
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("countersign")
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        let mut line = format!("span {}", attributes.metadata().name());
        attributes.record(&mut Fields(&mut line));
        self.spans.lock().unwrap().push(line);
        span::Id::from_u64(self.ids.fetch_add(1, Ordering::SeqCst) + 1)
    }

    fn record(&self, span: &span::Id, values: &span::Record<'_>) {
        let mut spans = self.spans.lock().unwrap();
        values.record(&mut Fields(&mut spans[usize::try_from(span.into_u64()).unwrap() - 1]));
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = String::from("event");
        event.record(&mut Fields(&mut line));
        self.lines.lock().unwrap().push(line);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}

    fn try_close(&self, id: span::Id) -> bool {
        let line = self.spans.lock().unwrap()[usize::try_from(id.into_u64()).unwrap() - 1].clone();
        self.lines.lock().unwrap().push(line);
        true
    }
}
