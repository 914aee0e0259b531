//! The reference server, as a process of its own.

use std::{
    env,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, OnceLock, mpsc},
    thread,
    time::Duration,
};

use tempfile::TempDir;
use tokio::time::timeout;

use crate::{client::Client, log::Log};

/// A running server and the folder it keeps its data in.
pub struct Server {
    process: Child,
    url: String,
    log: Log,
    data: Arc<TempDir>,
    settings: Vec<(String, String)>,
    disk: Disk,
}

/// Where a server keeps its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Disk {
    /// On this machine's.
    Usual,
    /// On one of its own, of a few megabytes.
    Small,
}

impl Server {
    /// Starts a server on an empty data folder, with these settings beside the defaults.
    pub async fn start(settings: &[(&str, &str)]) -> Self {
        let settings = settings.iter().map(|(name, value)| (String::from(*name), String::from(*value))).collect();
        Self::launch(Arc::new(TempDir::new().expect("a scratch folder")), settings, Disk::Usual).await
    }

    /// The same, on a file system of four megabytes that only it sees. Needs root, or user namespaces.
    pub async fn start_on_a_small_disk() -> Self {
        Self::launch(Arc::new(TempDir::new().expect("a scratch folder")), Vec::new(), Disk::Small).await
    }

    /// Ends the process as a power cut would, and starts another one on the same data.
    pub async fn kill_and_restart(mut self) -> Self {
        self.process.kill().expect("the server was running");
        self.process.wait().expect("it can be waited for");
        Self::launch(Arc::clone(&self.data), self.settings.clone(), self.disk).await
    }

    /// Asks the process to stop, and gives what it said with its exit.
    pub async fn stop(mut self) -> ExitStatus {
        let asked = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status().expect("kill runs");
        assert!(asked.success());
        let ended = async {
            loop {
                if let Some(status) = self.process.try_wait().expect("it can be waited for") {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(30), ended).await.expect("it stops when asked")
    }

    /// Where it listens, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The folder it keeps its data in.
    pub fn data(&self) -> PathBuf {
        self.data.path().join("data")
    }

    /// The same folder as the server itself sees it, whatever is mounted there for it alone.
    pub fn data_as_mounted(&self) -> PathBuf {
        let inside = self.data().strip_prefix("/").expect("it is absolute").to_owned();
        PathBuf::from(format!("/proc/{}/root", self.process.id())).join(inside)
    }

    /// All it has said and logged.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// A client of this server with an empty cookie jar.
    pub fn client(&self) -> Client {
        Client::new(&self.url)
    }

    async fn launch(data: Arc<TempDir>, settings: Vec<(String, String)>, disk: Disk) -> Self {
        // The server ends with this process, however that ends. One that is shared by all tests is never dropped.
        let setpriv = ["setpriv", "--pdeathsig", "KILL"];
        let mut command = match disk {
            Disk::Usual => Command::new(setpriv[0]),
            Disk::Small => {
                let mut command = Command::new("unshare");
                let mount = "mount -t tmpfs -o size=4m,mode=700 tmpfs \"$0\" && exec \"$@\"";
                command.args(spaces(data.path())).args(["sh", "-c", mount]).arg(data.path()).arg(setpriv[0]);
                command
            }
        };
        command
            .args(&setpriv[1..])
            .arg(binary())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("COUNTERSIGN_LISTEN", "127.0.0.1:0")
            .env("COUNTERSIGN_DATA_DIR", data.path().join("data"))
            .env("COUNTERSIGN_LOG", "warn")
            // Every test is one client address to its server, and some ask a lot.
            .env("COUNTERSIGN_GENERAL_LIMIT", "off")
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .current_dir(data.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = spawn(command);
        let log = Log::default();
        collect(process.stdout.take().expect("stdout is piped"), &log);
        collect(process.stderr.take().expect("stderr is piped"), &log);
        let line = log.line_with("listens on http").await;
        let url = line.split_whitespace().find(|word| word.starts_with("http")).expect("a URL");
        Self { process, url: url.to_owned(), log, data, settings, disk }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if thread::panicking() {
            eprintln!("--- the end of the server's log\n{}", self.log.end(4000));
        }
    }
}

/// With which namespaces a file system can be mounted here.
fn spaces(folder: &Path) -> &'static [&'static str] {
    let can = |spaces: &&&[&str]| {
        let probe = Command::new("unshare").args(**spaces).args(["mount", "-t", "tmpfs", "tmpfs"]).arg(folder).output();
        probe.is_ok_and(|output| output.status.success())
    };
    let all: &'static [&'static [&'static str]] = &[&["--mount"], &["--mount", "--user", "--map-root-user"]];
    all.iter().find(can).expect("no tmpfs can be mounted here, neither as root nor in a user namespace")
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
        let built = Command::new(env!("CARGO"))
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

/// Starts a process from a thread that lives as long as this process: "parent death" is that of the thread that forked.
fn spawn(command: Command) -> Child {
    type Order = (Command, mpsc::Sender<Child>);
    static KEEPER: OnceLock<mpsc::Sender<Order>> = OnceLock::new();
    let keeper = KEEPER.get_or_init(|| {
        let (orders, taken) = mpsc::channel::<Order>();
        thread::spawn(move || {
            while let Ok((mut command, started)) = taken.recv() {
                let _ = started.send(command.spawn().expect("the server starts: scripts/setup.sh test"));
            }
        });
        orders
    });
    let (started, child) = mpsc::channel();
    keeper.send((command, started)).expect("the thread lives");
    child.recv().expect("the server starts")
}

/// Reads a pipe to its end, so that the server never blocks on a full one.
fn collect(pipe: impl Read + Send + 'static, log: &Log) {
    let log = log.clone();
    thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
            log.push(&String::from_utf8_lossy(&line));
        }
    });
}
