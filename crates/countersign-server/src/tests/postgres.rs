use std::{
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU32, Ordering},
    },
};

use countersign_sqlx::{Database, PostgresOptions, Statement};
use tempfile::TempDir;

/// A throw-away PostgreSQL of a test's own.
pub(super) struct Postgres(TempDir);

impl Postgres {
    pub(super) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        services("start", folder.path());
        Self(folder)
    }

    /// One for all tests that run at the same time; who shares it takes a schema.
    pub(super) fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let server = Arc::new(Self::start());
            *shared = Arc::downgrade(&server);
            server
        })
    }

    /// The address of a new, empty schema.
    pub(super) async fn schema(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let database = Database::open_postgres(&self.url(), PostgresOptions::default()).await.unwrap();
        database.execute(Statement::new(format!("CREATE SCHEMA {name}").leak())).await.unwrap();
        database.close().await;
        format!("{}?options=-c%20search_path%3D{name}", self.url())
    }

    pub(super) fn url(&self) -> String {
        let env = std::fs::read_to_string(self.0.path().join("env")).unwrap();
        let line = env.lines().find_map(|line| line.strip_prefix("export COUNTERSIGN_TEST_POSTGRES_URL="));
        line.unwrap().trim_matches('\'').to_owned()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        services("stop", self.0.path());
    }
}

fn services(what: &str, folder: &Path) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/services.sh");
    let done = Command::new(script).arg(what).arg(folder).stdout(Stdio::null()).status().unwrap();
    assert!(done.success(), "services.sh {what}");
}
