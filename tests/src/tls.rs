//! A server that speaks TLS, and `curl` as its client.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use reqwest::{
    StatusCode,
    header::{HeaderMap, HeaderName},
};
use serde_json::Value;
use tempfile::TempDir;

use crate::client::Answer;

/// A certificate for 127.0.0.1 and `localhost`, made for this test, and its key.
pub struct Certificate(TempDir);

impl Certificate {
    /// A new one, signed by itself.
    pub fn new() -> Self {
        let this = Self(TempDir::new().expect("a scratch folder"));
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
            .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"])
            .arg("-keyout")
            .arg(this.key())
            .arg("-out")
            .arg(this.chain())
            .output()
            .expect("openssl is installed: scripts/setup.sh test");
        assert!(made.status.success(), "{made:?}");
        this
    }

    /// The file of the chain.
    pub fn chain(&self) -> PathBuf {
        self.0.path().join("chain.pem")
    }

    /// The file of the key.
    pub fn key(&self) -> PathBuf {
        self.0.path().join("key.pem")
    }
}

impl Default for Certificate {
    fn default() -> Self {
        Self::new()
    }
}

/// `curl` that trusts one certificate and knows one server.
#[derive(Clone, Debug)]
pub struct Curl {
    url: String,
    chain: PathBuf,
}

impl Curl {
    /// A client of the server at `url`, whose certificate is in this file.
    pub fn new(url: &str, chain: &Path) -> Self {
        Self { url: url.to_owned(), chain: chain.to_owned() }
    }

    /// One request below `/api/v1`, with these headers; `GET` without a body, `POST` with one.
    ///
    /// # Errors
    /// What `curl` says, where there was no answer within ten seconds.
    pub fn ask(&self, path: &str, headers: &[&str], body: Option<&Value>) -> Result<Answer, String> {
        let path = if path.starts_with("/readyz") || path == "/" { path.to_owned() } else { format!("/api/v1{path}") };
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--include", "--max-time", "10", "--http1.1", "--cacert"]);
        curl.arg(&self.chain).arg(format!("{}{path}", self.url));
        for header in headers {
            curl.args(["--header", header]);
        }
        if let Some(body) = body {
            curl.args(["--header", "content-type: application/json", "--data", &body.to_string()]);
        }
        let output = curl.output().expect("curl is installed: scripts/setup.sh test");
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(read(&String::from_utf8(output.stdout).expect("text")))
    }

    /// The same, where an answer has to come, with a Bearer token where one is given.
    #[track_caller]
    pub fn call(&self, path: &str, bearer: Option<&str>, body: Option<&Value>) -> Answer {
        let bearer = bearer.map(|token| format!("authorization: Bearer {token}"));
        let headers: Vec<&str> = bearer.as_deref().into_iter().collect();
        self.ask(path, &headers, body).unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

fn read(text: &str) -> Answer {
    let (head, body) = text.split_once("\r\n\r\n").expect("an answer has a head");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status line");
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let name: HeaderName = name.parse().expect("a header's name");
        headers.append(name, value.trim().parse().expect("a header's value"));
    }
    let status: StatusCode = status.parse().expect("a status");
    let json = if body.is_empty() { Ok(Value::Null) } else { serde_json::from_str(body) };
    Answer { status, headers, text: body.to_owned(), body: json.unwrap_or_else(|_| Value::String(body.to_owned())) }
}
