//! The server as it is deployed: one instance on SQLite, or two on one PostgreSQL and one Redis.

use std::{
    env,
    process::{self, Command},
    sync::atomic::{AtomicU32, Ordering},
};

use crate::{client::Client, server::Server, watch::Watch};

/// What a deployment stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// One instance on one SQLite file.
    Sqlite,
    /// Two instances on one PostgreSQL and one Redis: those of the environment, as `scripts/services.sh` starts them.
    PostgresAndRedis,
}

/// All instances of one server.
pub struct Deployment {
    servers: Vec<Server>,
}

/// What clients call every deployment: the origin of its pages, the issuer of its tokens.
pub const PUBLIC_URL: &str = "http://login.example.com";

/// The only peer that is believed as a proxy.
pub const PROXY: std::net::Ipv4Addr = std::net::Ipv4Addr::new(127, 254, 254, 254);

impl Deployment {
    /// Starts one on an empty database, with these settings beside the defaults.
    pub async fn start(backend: Backend, settings: &[(&str, &str)]) -> Self {
        let mut settings: Vec<_> = settings.iter().map(|(name, value)| (*name, String::from(*value))).collect();
        settings.push(("COUNTERSIGN_PUBLIC_URL", PUBLIC_URL.to_owned()));
        settings.push(("COUNTERSIGN_TRUSTED_PROXIES", PROXY.to_string()));
        settings.push(("COUNTERSIGN_LOG", "debug".to_owned()));
        let instances = match backend {
            Backend::Sqlite => 1,
            Backend::PostgresAndRedis => {
                settings.push(("COUNTERSIGN_DATABASE_URL", empty_database(&variable("COUNTERSIGN_TEST_POSTGRES_URL"))));
                settings.push(("COUNTERSIGN_REDIS_URL", variable("COUNTERSIGN_TEST_REDIS_URL")));
                // One ring for both instances; it seals nothing that outlives the test.
                settings.push(("TOTP_ENCRYPTION_KEY", KEY.to_owned()));
                2
            }
        };
        let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut servers = Vec::new();
        for _ in 0..instances {
            servers.push(Server::start(&settings).await);
        }
        Self { servers }
    }

    /// Ends every instance as a power cut would, and starts them again on the same data.
    pub async fn kill_and_restart(self) -> Self {
        let mut servers = Vec::new();
        for server in self.servers {
            servers.push(server.kill_and_restart().await);
        }
        Self { servers }
    }

    /// A client that asks the instances in turn, and an eye on their logs.
    pub fn client(&self) -> Client {
        let watch = Watch::over(self.servers.iter().map(|server| server.log().clone()));
        Client::of(self.servers.iter().map(|server| server.url().to_owned()), watch)
    }

    /// The instances.
    pub fn servers(&self) -> &[Server] {
        &self.servers
    }
}

const KEY: &str = "3b7f90c2e1d84a56b09cf27d15e8a34f6c0d91b27ea84f53c6128bd07f9e4a15";

/// A schema of its own on that PostgreSQL, as a URL.
pub fn empty_database(postgres: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("server_{}_{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let make = format!("DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}");
    let made = Command::new("psql").args(["--quiet", "--no-psqlrc", "--command", &make, postgres]).output();
    let made = made.expect("psql is installed: scripts/setup.sh test");
    assert!(made.status.success(), "{made:?}");
    format!("{postgres}?options=-c%20search_path%3D{name}")
}

#[expect(clippy::disallowed_methods, reason = "where the services are cannot be known otherwise")]
fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set: scripts/services.sh start FOLDER, then . FOLDER/env"))
}
