//! The server as it is run for real: TLS, PostgreSQL and Redis. And what becomes of it when one of those stands still or
//! dies: a "no" in bounded time, the truth at `/readyz`, nothing that was not charged, and recovery by itself.

use std::time::Duration;

use countersign_tests::{
    client::{Answer, PASSWORD},
    deployment::empty_database,
    person::backup_codes,
    phone::Phone,
    server::Server,
    services::Services,
    tls::{Certificate, Curl},
};
use serde_json::json;
use tokio::{task::spawn_blocking, time::timeout};

/// A server on services of its own, and somebody with a live factor there.
struct Deployed {
    services: Services,
    // Its files are read while the server runs.
    _certificate: Certificate,
    server: Server,
    curl: Curl,
    phone: Phone,
    backup_codes: Vec<String>,
    token: String,
}

/// The general limit as it is by default: the limiter stands before every route.
const GENERAL: &str = "300/1m";

const EMAIL: &str = "ada@example.com";

/// No answer may take longer when something it depends on is out of reach. Two seconds are a bound of the contract, as a
/// client's own patience is, and no measure of speed; the rest is for a client that is itself a process to be started, on
/// a machine that is busy with other tests.
pub(crate) const BOUND: Duration = Duration::from_millis(2500);

impl Deployed {
    async fn start(general_limit: &str) -> Self {
        let services = Services::start();
        let redis = services.redis();
        Self::on(services, &[("COUNTERSIGN_REDIS_URL", &redis), ("COUNTERSIGN_GENERAL_LIMIT", general_limit)]).await
    }

    async fn on(services: Services, settings: &[(&str, &str)]) -> Self {
        let certificate = Certificate::new();
        let (chain, key) = (certificate.chain(), certificate.key());
        let database = empty_database(&services.postgres());
        let fixed = [
            ("COUNTERSIGN_TLS_CERT", chain.to_str().expect("a path")),
            ("COUNTERSIGN_TLS_KEY", key.to_str().expect("a path")),
            ("COUNTERSIGN_DATABASE_URL", &database),
        ];
        let server = Server::start(&[&fixed, settings].concat()).await;
        assert!(server.url().starts_with("https://"), "{}", server.url());
        let curl = Curl::new(server.url(), &chain);
        let token = curl.call("/auth/register", None, Some(&json!({"email": EMAIL, "password": PASSWORD})));
        let token = token.done().text("setup_token");
        let setup = curl.call("/2fa/setup", Some(&token), Some(&json!({}))).done();
        let mut phone = Phone::typed(&setup.text("secret"), 6);
        let body = json!({"code": phone.code().await});
        let enabled = curl.call("/2fa/verify", Some(&token), Some(&body)).done();
        let (backup_codes, token) = (backup_codes(&enabled), enabled.text("access_token"));
        Self { services, _certificate: certificate, server, curl, phone, backup_codes, token }
    }

    fn login(&self) -> Answer {
        self.curl.call("/auth/login", None, Some(&json!({"email": EMAIL, "password": PASSWORD})))
    }

    fn second_step(&self, ticket: &str, code: &str) -> Answer {
        self.curl.call("/auth/login/2fa", None, Some(&json!({"ticket": ticket, "code": code})))
    }

    /// Asserts that a call answers 503 within the bound.
    async fn no(&self, path: &'static str, token: Option<&str>, body: Option<serde_json::Value>) -> Answer {
        let (curl, token) = (self.curl.clone(), token.map(str::to_owned));
        let asked = spawn_blocking(move || curl.call(path, token.as_deref(), body.as_ref()));
        let answer = timeout(BOUND, asked).await.unwrap_or_else(|_| panic!("{path} takes longer than {BOUND:?}"));
        let answer = answer.expect("the call ended");
        answer.refused(503, "unavailable");
        assert_eq!(answer.header("retry-after"), Some("2"), "{answer:?}");
        answer
    }

    /// Asserts that neither a right password nor a wrong one is looked at.
    async fn looks_at_no_password(&self) {
        for password in [PASSWORD, "a wrong but long password"] {
            self.no("/auth/login", None, Some(json!({"email": EMAIL, "password": password}))).await;
        }
    }

    /// Nor at a code, nor at who is there.
    async fn looks_at_nothing(&self, ticket: &str, code: &str) {
        self.looks_at_no_password().await;
        for code in [code, &self.phone.wrong()] {
            self.no("/auth/login/2fa", None, Some(json!({"ticket": ticket, "code": code}))).await;
        }
        self.no("/auth/me", Some(&self.token), None).await;
    }

    /// Lets Redis go on, or starts it again, and waits until the server has noticed.
    async fn redis_is_back(&self, was_killed: bool) {
        if was_killed {
            self.services.restart_redis();
        } else {
            self.services.signal_redis("-CONT");
        }
        self.recovers().await;
    }

    /// Asserts that `/readyz` names this part.
    async fn is_not_ready_for(&self, part: &str) {
        let answer = self.no("/readyz", None, None).await;
        assert!(answer.text("detail").contains(part), "{answer:?}");
    }

    /// Waits until the server says that it is ready: five seconds at most, by itself.
    async fn recovers(&self) {
        let ready = async {
            while self.curl.call("/readyz", None, None).status != 200 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(Duration::from_secs(5), ready).await.expect("it recovers within five seconds");
    }

    /// Asserts that the code it was given in the fault is good at most once now, and that wrong ones are still counted.
    async fn nothing_was_evaluated_for_free(&mut self, code: &str) {
        let ticket = self.login().done().text("ticket");
        let first = self.second_step(&ticket, code);
        let ticket = if first.status == 200 { self.login().done().text("ticket") } else { ticket };
        self.second_step(&ticket, code).refused(401, "invalid_code");
        let wrong = self.second_step(&self.login().done().text("ticket"), &self.phone.wrong());
        let left = wrong.refused(401, "invalid_code").body["attempts_left"].as_u64().expect("a number");
        assert!(left <= 4, "{wrong:?}");
        let body = json!({"ticket": self.login().done().text("ticket"), "backup_code": self.backup_codes.pop()});
        let done = self.curl.call("/auth/login/2fa", None, Some(&body));
        assert_eq!(done.done().body["status"], "success");
        assert!(!self.server.log().end(usize::MAX).contains("panicked"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_cookies_are_bound_to_the_host_and_https_is_to_stay() {
    let mut deployed = Deployed::start(GENERAL).await;
    let body = json!({"ticket": deployed.login().done().text("ticket"), "code": deployed.phone.code().await, "remember_device": true});
    let done = deployed.curl.call("/auth/login/2fa", None, Some(&body)).done();
    let cookies: Vec<_> =
        done.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().expect("ASCII")).collect();
    assert_eq!(cookies.len(), 2, "{cookies:?}");
    for (cookie, name) in cookies.iter().zip(["__Host-countersign_session=", "__Host-countersign_device="]) {
        assert!(cookie.starts_with(name), "{cookie}");
        for attribute in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        assert!(!cookie.to_lowercase().contains("domain"), "{cookie}");
    }
    let hsts = done.header("strict-transport-security").expect("HSTS");
    assert!(hsts.starts_with("max-age=31536000"), "{hsts}");
    // The cookie is a session, under that name alone.
    let value = cookies[0].split(';').next().and_then(|cookie| cookie.split_once('=')).expect("a value").1;
    let with =
        |name: &str| deployed.curl.ask("/auth/me", &[&format!("cookie: {name}={value}")], None).expect("an answer");
    assert_eq!(with("__Host-countersign_session").status, 200);
    assert_eq!(with("countersign_session").status, 401);
    // Plain HTTP is not answered there.
    let plain = Curl::new(&deployed.server.url().replace("https", "http"), &deployed._certificate.chain());
    assert!(plain.ask("/auth/me", &[], None).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_the_answer_is_no_and_it_recovers() {
    let mut deployed = Deployed::start(GENERAL).await;
    for kill in [false, true] {
        let ticket = deployed.login().done().text("ticket");
        let code = deployed.phone.code().await;
        deployed.services.signal_redis(if kill { "-KILL" } else { "-STOP" });
        deployed.looks_at_nothing(&ticket, &code).await;
        deployed.is_not_ready_for("limiter").await;
        deployed.redis_is_back(kill).await;
        deployed.nothing_was_evaluated_for_free(&code).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_and_without_a_general_limit_no_password_is_looked_at() {
    let deployed = Deployed::start("off").await;
    for kill in [false, true] {
        deployed.services.signal_redis(if kill { "-KILL" } else { "-STOP" });
        deployed.looks_at_no_password().await;
        deployed.is_not_ready_for("limiter").await;
        // What asks no limiter goes on.
        assert_eq!(deployed.curl.call("/auth/me", Some(&deployed.token), None).status, 200);
        deployed.redis_is_back(kill).await;
        deployed.login().done();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_postgresql_the_answer_is_no_and_it_recovers() {
    let mut deployed = Deployed::start(GENERAL).await;
    // Frozen, and then cut off; and every process of it dead at once, until it is started again.
    for (fault, end) in [("hang-postgres", "cut-postgres"), ("kill-postgres", "run-postgres")] {
        let ticket = deployed.login().done().text("ticket");
        let code = deployed.phone.code().await;
        deployed.services.tell(fault);
        deployed.looks_at_nothing(&ticket, &code).await;
        deployed.is_not_ready_for("database").await;
        deployed.services.tell(end);
        deployed.recovers().await;
        deployed.nothing_was_evaluated_for_free(&code).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_postgresql_that_counts_for_the_limits_too_the_answer_is_no_and_it_recovers() {
    let mut deployed = Deployed::on(Services::start(), &[("COUNTERSIGN_GENERAL_LIMIT", GENERAL)]).await;
    let (ticket, code) = (deployed.login().done().text("ticket"), deployed.phone.code().await);
    deployed.services.tell("hang-postgres");
    deployed.looks_at_nothing(&ticket, &code).await;
    deployed.is_not_ready_for("database").await;
    deployed.services.tell("cut-postgres");
    deployed.recovers().await;
    deployed.nothing_was_evaluated_for_free(&code).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_both_one_is_not_waited_for_after_the_other() {
    let mut deployed = Deployed::start(GENERAL).await;
    let (ticket, code) = (deployed.login().done().text("ticket"), deployed.phone.code().await);
    deployed.services.tell("hang-postgres");
    deployed.services.signal_redis("-STOP");
    deployed.looks_at_nothing(&ticket, &code).await;
    deployed.is_not_ready_for("database, limiter").await;
    deployed.services.tell("cut-postgres");
    deployed.redis_is_back(false).await;
    deployed.nothing_was_evaluated_for_free(&code).await;
}
