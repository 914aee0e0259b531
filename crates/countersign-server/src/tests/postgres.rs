use std::{
    path::Path,
    process::{Command, Stdio},
};

use tempfile::TempDir;

/// A throw-away PostgreSQL of a test's own.
pub(super) struct Postgres(TempDir);

impl Postgres {
    pub(super) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        services("start", folder.path());
        Self(folder)
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
