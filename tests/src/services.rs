//! A PostgreSQL and a Redis of one's own, which no other test minds being stopped.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use tempfile::TempDir;

/// Both, as `scripts/services.sh` starts them; stopped when dropped.
pub struct Services(TempDir);

impl Services {
    /// Starts both on free ports.
    pub fn start() -> Self {
        let this = Self(TempDir::new().expect("a scratch folder"));
        this.tell("start");
        this
    }

    /// Runs another subcommand of the script, such as `hang-postgres`.
    pub fn tell(&self, what: &str) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/services.sh");
        let done = Command::new(script).arg(what).arg(self.0.path()).stdout(Stdio::null()).status().expect("it runs");
        assert!(done.success(), "services.sh {what}");
    }

    /// Sends Redis a signal.
    pub fn signal_redis(&self, signal: &str) {
        let id = fs::read_to_string(self.0.path().join("redis/pid")).expect("Redis was started");
        let sent = Command::new("kill").args([signal, id.trim()]).status().expect("kill runs");
        assert!(sent.success());
    }

    /// Starts Redis again on its port, after it was killed.
    pub fn restart_redis(&self) {
        let port = self.redis().rsplit(':').next().expect("a port").trim_end_matches('/').to_owned();
        let folder = self.0.path().join("redis");
        let redis = |part: &str| folder.join(part).display().to_string();
        let started = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no", "--daemonize", "yes"])
            .args(["--dir", &redis(""), "--pidfile", &redis("pid"), "--logfile", &redis("log")])
            .stdout(Stdio::null())
            .status()
            .expect("redis-server runs");
        assert!(started.success());
    }

    /// The URL of PostgreSQL.
    pub fn postgres(&self) -> String {
        self.variable("COUNTERSIGN_TEST_POSTGRES_URL")
    }

    /// The URL of Redis.
    pub fn redis(&self) -> String {
        self.variable("COUNTERSIGN_TEST_REDIS_URL")
    }

    fn variable(&self, name: &str) -> String {
        let env = fs::read_to_string(self.0.path().join("env")).expect("both were started");
        let value = env.lines().find_map(|line| line.strip_prefix(&format!("export {name}=")));
        value.expect("the script says where they are").trim_matches('\'').to_owned()
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        let _ = fs::read_to_string(self.0.path().join("redis/pid"))
            .map(|id| Command::new("kill").args(["-CONT", id.trim()]).stderr(Stdio::null()).status());
        self.tell("stop");
    }
}
