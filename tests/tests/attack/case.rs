use std::{
    net::Ipv4Addr,
    sync::atomic::{AtomicU16, Ordering},
};

use countersign_tests::{
    client::Client,
    deployment::{Backend, Deployment},
    person::Person,
};
use reqwest::Method;
use tokio::sync::OnceCell;

/// Whether every account has to have a second factor.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rules {
    Mandatory,
    Optional,
}

/// One case: its own people, its own network, its own eye on secrets, on a deployment that all cases share.
pub(crate) struct Case {
    pub(crate) backend: Backend,
    deployment: &'static Deployment,
    client: Client,
    number: u16,
}

impl Case {
    pub(crate) async fn begin(backend: Backend, rules: Rules) -> Self {
        static SHARED: [OnceCell<Deployment>; 4] = [const { OnceCell::const_new() }; 4];
        static COUNT: AtomicU16 = AtomicU16::new(1);
        let place = usize::from(backend == Backend::PostgresAndRedis) * 2 + usize::from(rules == Rules::Optional);
        let required = if rules == Rules::Mandatory { "true" } else { "false" };
        let start = async || Deployment::start(backend, &[("COUNTERSIGN_REQUIRE_2FA", required)]).await;
        let deployment = SHARED[place].get_or_init(start).await;
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let client = deployment.client().at(network(number, 0));
        Self { backend, deployment, client, number }
    }

    /// Waits until the logs have all that the case brought about, and looks at them for the last time.
    pub(crate) async fn end(self) {
        for server in self.deployment.servers() {
            let answer = self.client.ask(Method::GET, "/healthz").send().await;
            let id = answer.header("x-request-id").expect("an id").to_owned();
            // Whichever instance it was that answered.
            let lines = self.deployment.servers().iter().map(|server| Box::pin(server.log().line_with(&id)));
            assert!(first_of(lines).await.contains(&id), "{}", server.url());
        }
        self.client.watch().check_logs();
    }

    /// Somebody of this case who has no account yet.
    pub(crate) fn email(&self, name: &str) -> String {
        format!("{name}.{}@example.com", self.number)
    }

    /// A client in the case's own network, which asks the instances in turn.
    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    /// That client's address.
    pub(crate) fn address(&self) -> Ipv4Addr {
        network(self.number, 0)
    }

    /// One in the `n`-th of the case's other networks; each is a /24.
    pub(crate) fn client_elsewhere(&self, n: u8) -> Client {
        assert!(n > 0);
        self.client.at(network(self.number, n))
    }

    /// Somebody with a live factor.
    pub(crate) async fn enrol(&self, name: &str) -> Person {
        Person::enrol(self.client.clone(), &self.email(name)).await
    }

    /// Whether any instance has logged this. Text that a case made itself, and that no other case can have.
    pub(crate) async fn logged(&self, text: &str) -> String {
        first_of(self.deployment.servers().iter().map(|server| Box::pin(server.log().line_with(text)))).await
    }
}

/// 127.x.y.1 with 250 numbers for cases and 64 networks for each: all of 127.0.0.0/8 is this machine.
fn network(case: u16, n: u8) -> Ipv4Addr {
    let place = u32::from(case) * 256 + u32::from(n);
    Ipv4Addr::from_bits(Ipv4Addr::new(127, 1, 0, 1).to_bits() + place * 256)
}

async fn first_of<F: Future<Output = String> + Unpin>(all: impl Iterator<Item = F>) -> String {
    let mut all: Vec<_> = all.collect();
    std::future::poll_fn(|context| {
        for one in &mut all {
            if let std::task::Poll::Ready(line) = std::pin::Pin::new(one).poll(context) {
                return std::task::Poll::Ready(line);
            }
        }
        std::task::Poll::Pending
    })
    .await
}
