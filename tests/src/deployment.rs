//! The server as it is deployed: one instance on SQLite, or two on one PostgreSQL and one Redis.

use std::{
    env,
    process::{self, Command},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
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
    /// Where the PostgreSQL is, if it is one.
    postgres: Option<String>,
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
        let (instances, postgres) = match backend {
            Backend::Sqlite => (1, None),
            Backend::PostgresAndRedis => {
                let postgres = empty_database(&variable("COUNTERSIGN_TEST_POSTGRES_URL"));
                settings.push(("COUNTERSIGN_DATABASE_URL", postgres.clone()));
                settings.push(("COUNTERSIGN_REDIS_URL", variable("COUNTERSIGN_TEST_REDIS_URL")));
                // One ring for both instances; it seals nothing that outlives the test.
                settings.push(("TOTP_ENCRYPTION_KEY", KEY.to_owned()));
                (2, Some(postgres))
            }
        };
        let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut servers = Vec::new();
        for _ in 0..instances {
            servers.push(Server::start(&settings).await);
        }
        Self { servers, postgres }
    }

    /// Makes the database refuse every insert into this table, or every update of it, as a full disk would: `what` is
    /// `INSERT` or `UPDATE`. [`accept`](Self::accept) takes it back.
    pub fn refuse(&self, what: &str, table: &str) {
        self.sql(
            &format!(
                "CREATE TRIGGER refused BEFORE {what} ON {table} BEGIN SELECT RAISE(ABORT, 'as the test wants it'); END"
            ),
            &format!(
                "CREATE FUNCTION refused() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                     RAISE EXCEPTION 'as the test wants it' USING ERRCODE = 'disk_full'; END $$;
                 CREATE TRIGGER refused BEFORE {what} ON {table} FOR EACH ROW EXECUTE FUNCTION refused()"
            ),
        );
    }

    /// Takes back what [`refuse`](Self::refuse) did.
    pub fn accept(&self) {
        self.sql("DROP TRIGGER refused", "DROP FUNCTION refused() CASCADE");
    }

    fn sql(&self, sqlite: &str, postgres: &str) {
        match &self.postgres {
            Some(url) => psql(url, postgres),
            None => {
                let file = self.servers[0].data().join("countersign.db");
                let database = rusqlite::Connection::open(file).expect("the server's database");
                database.busy_timeout(Duration::from_secs(5)).expect("a bound");
                database.execute_batch(sqlite).expect("it is done");
            }
        }
    }

    /// Ends every instance as a power cut would, and starts them again on the same data.
    pub async fn kill_and_restart(self) -> Self {
        let mut servers = Vec::new();
        for server in self.servers {
            servers.push(server.kill_and_restart().await);
        }
        Self { servers, postgres: self.postgres }
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
    psql(postgres, &format!("DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}"));
    format!("{postgres}?options=-c%20search_path%3D{name}")
}

fn psql(url: &str, sql: &str) {
    let done = Command::new("psql").args(["--quiet", "--no-psqlrc", "--command", sql, url]).output();
    let done = done.expect("psql is installed: scripts/setup.sh test");
    assert!(done.status.success(), "{done:?}");
}

#[expect(clippy::disallowed_methods, reason = "where the services are cannot be known otherwise")]
fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set: scripts/services.sh start FOLDER, then . FOLDER/env"))
}
