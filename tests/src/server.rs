//! The reference server, as a process of its own.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command as Build, Stdio},
    sync::OnceLock,
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

use crate::client::Client;

/// A running server and the folder it keeps its data in.
pub struct Server {
    process: Child,
    url: String,
    data: TempDir,
    settings: Vec<(String, String)>,
}

impl Server {
    /// Starts a server on an empty data folder, with these settings beside the defaults.
    pub async fn start(settings: &[(&str, &str)]) -> Self {
        let data = TempDir::new().expect("a scratch folder");
        let settings = settings.iter().map(|(name, value)| (String::from(*name), String::from(*value))).collect();
        Self::launch(data, settings).await
    }

    /// Ends the process as a power cut would, and starts another one on the same data.
    pub async fn kill_and_restart(mut self) -> Self {
        self.process.kill().await.expect("the server was running");
        Self::launch(self.data, self.settings).await
    }

    /// Asks the process to stop, and gives what it said with its exit.
    pub async fn stop(mut self) -> std::process::ExitStatus {
        let id = self.process.id().expect("the server was running").to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status().await.expect("kill runs");
        assert!(asked.success());
        timeout(Duration::from_secs(30), self.process.wait())
            .await
            .expect("it stops when asked")
            .expect("it can be waited for")
    }

    /// Where it listens, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The folder it keeps its data in.
    pub fn data(&self) -> PathBuf {
        self.data.path().join("data")
    }

    /// A client of this server with an empty cookie jar.
    pub fn client(&self) -> Client {
        Client::new(&self.url)
    }

    async fn launch(data: TempDir, settings: Vec<(String, String)>) -> Self {
        let mut process = Command::new(binary())
            .env_clear()
            .env("COUNTERSIGN_LISTEN", "127.0.0.1:0")
            .env("COUNTERSIGN_DATA_DIR", data.path().join("data"))
            .env("COUNTERSIGN_LOG", "warn")
            // Every test is one client address to its server, and some ask a lot.
            .env("COUNTERSIGN_GENERAL_LIMIT", "off")
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .current_dir(data.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .expect("the server starts");
        let mut lines = BufReader::new(process.stdout.take().expect("stdout is piped")).lines();
        let find = async {
            while let Some(line) = lines.next_line().await.expect("the server speaks UTF-8") {
                if let Some(url) = line.split_whitespace().find(|word| word.starts_with("http://127.0.0.1:")) {
                    return url.trim_end_matches(['/', '.', ',']).to_owned();
                }
            }
            panic!("the server ended without saying where it listens");
        };
        let url = timeout(Duration::from_secs(30), find).await.expect("the server says where it listens");
        // What else it says has to go somewhere, or it would block on a full pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { process, url, data, settings }
    }
}

/// The server's binary, built once for this run from the sources as they are.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let this = env::current_exe().expect("a test has a path");
        // target/<profile>/<binary> or target/<profile>/deps/<test>
        let beside = this.parent().expect("a binary is in a folder");
        let folder = if beside.ends_with("deps") { beside.parent().expect("target/<profile>") } else { beside };
        let profile = match folder.file_name().and_then(|name| name.to_str()) {
            Some("debug") | None => "dev",
            Some(name) => name,
        };
        let built = Build::new(env!("CARGO"))
            .args([
                "build",
                "--quiet",
                "--locked",
                "--package",
                "countersign-server",
                "--profile",
                profile,
                "--target-dir",
            ])
            .arg(folder.parent().expect("target"))
            .status()
            .expect("cargo runs");
        assert!(built.success(), "the server does not build");
        folder.join("countersign-server")
    })
}
