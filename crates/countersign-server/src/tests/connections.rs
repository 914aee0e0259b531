use std::{
    future::{Future, pending},
    io,
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    routing::get,
};
use http::Method;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::{Notify, Semaphore},
    task::JoinHandle,
};
use tower::ServiceExt as _;

use super::rig::{Rig, request};
use crate::listen::Listening;

/// Long past everything that is waited for: only a test that fails waits so long.
const BOUND: Duration = Duration::from_secs(30);

fn serve(
    app: Router,
    headers: Duration,
    stop: impl Future<Output = ()> + Send + 'static,
) -> (SocketAddr, JoinHandle<io::Result<()>>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    (address, tokio::spawn(Listening::new(listener, headers, BOUND).serve(app, stop)))
}

/// Sends this, and reads until the server closes the connection.
async fn said(address: SocketAddr, sent: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may have closed it meanwhile.
    let _ = stream.write_all(sent).await;
    rest(stream).await
}

async fn rest(mut stream: TcpStream) -> String {
    let mut read = Vec::new();
    let done = tokio::time::timeout(BOUND, stream.read_to_end(&mut read)).await;
    let _ = done.expect("the server closes the connection");
    String::from_utf8(read).unwrap()
}

#[tokio::test]
async fn slow_senders_of_headers_are_not_waited_for() {
    let (address, _) = serve(Router::new().route("/", get(async || "here")), Duration::from_millis(300), pending());
    for sent in ["", "G", "PRI * HT", "GET / HTTP/1.1\r\nhost: a\r\nx-slow: "] {
        assert_eq!(said(address, sent.as_bytes()).await, "", "{sent:?}");
    }
    // Nor between two requests of one connection.
    let kept = said(address, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(kept.starts_with("HTTP/1.1 200 OK") && kept.ends_with("here"), "{kept}");
}

#[tokio::test]
async fn who_sends_far_too_much_before_reading_is_told_so() {
    let rig = Rig::new().await;
    let (address, _) = serve(rig.app.clone(), BOUND, pending());
    for length in [70_000, 1_000_000, 10_000_000] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head =
            "POST /api/v1/auth/login HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\n";
        stream.write_all(format!("{head}content-length: {length}\r\n\r\n").as_bytes()).await.unwrap();
        stream.write_all(&vec![b' '; length]).await.unwrap();
        let answer = rest(stream).await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{length}: {answer}");
    }
    // Who asks first need send nothing.
    let asked = "POST /healthz HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 1000000\r\n\r\n";
    let answer = said(address, asked.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test]
async fn more_headers_than_anybody_needs_are_refused() {
    let (address, _) = serve(Router::new().route("/", get(async || "here")), BOUND, pending());
    let headers = |count: usize| (0..count).map(|n| format!("x-{n}: y\r\n")).collect::<String>();
    let with = |headers: String| format!("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\r\n");
    for (headers, status) in [
        (headers(90), "HTTP/1.1 200"),
        (headers(120), "HTTP/1.1 431"),
        (format!("x: {}\r\n", "y".repeat(30_000)), "HTTP/1.1 200"),
        (format!("x: {}\r\n", "y".repeat(70_000)), "HTTP/1.1 431"),
    ] {
        let answer = said(address, with(headers).as_bytes()).await;
        assert!(answer.starts_with(status), "{status}: {answer}");
    }
}

#[tokio::test]
async fn a_server_that_is_to_stop_answers_what_it_accepted_and_accepts_no_more() {
    let (arrived, go_on) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let (count, gate) = (Arc::clone(&arrived), Arc::clone(&go_on));
    let slow = async move || {
        count.add_permits(1);
        gate.acquire().await.unwrap().forget();
        "done"
    };
    let asked = Arc::new(Notify::new());
    let hear = Arc::clone(&asked);
    let stop = async move {
        hear.notified().await;
    };
    let (address, serving) = serve(Router::new().route("/", get(slow)), BOUND, stop);
    let mut clients = Vec::new();
    for _ in 0..50 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        clients.push(stream);
    }
    arrived.acquire_many(50).await.unwrap().forget();
    asked.notify_one();
    // It has stopped to listen once nobody gets in any more.
    let refused = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(BOUND, refused).await.unwrap();
    assert!(!serving.is_finished());
    go_on.add_permits(50);
    for client in clients {
        let answer = rest(client).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("done"), "{answer}");
    }
    tokio::time::timeout(BOUND, serving).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_body_that_never_ends_is_not_waited_for() {
    let rig = Rig::new().await;
    tokio::time::pause();
    let body = Body::from_stream(futures::stream::pending::<io::Result<Bytes>>());
    let login = request(Method::POST, "/api/v1/auth/login", "192.0.2.1").header("content-type", "application/json");
    // By the clock of the test, which moves on at once when nothing else is left to do.
    let answer = tokio::time::timeout(BOUND, rig.app.clone().oneshot(login.body(body).unwrap())).await;
    let answer = answer.expect("it gives up").unwrap();
    assert_eq!(answer.status(), 408);
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn over_tls_http_1_1_is_spoken_and_nothing_older_than_tls_1_2() {
    use std::process::Stdio;

    use tokio::process::Command;

    let place = tempfile::tempdir().unwrap();
    let (certificate, key) = (place.path().join("chain.pem"), place.path().join("key.pem"));
    let openssl = |arguments: &str| {
        let mut command = Command::new("openssl");
        command.args(arguments.split_whitespace()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.kill_on_drop(true).current_dir(place.path());
        command
    };
    let make = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out chain.pem -days 2 \
                -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1";
    assert!(openssl(make).status().await.unwrap().success());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = crate::tls::acceptor(&crate::settings::TlsFiles { certificate, key }).await.unwrap();
    let app = Router::new().route("/", get(async || "here"));
    tokio::spawn(Listening::new(listener, BOUND, BOUND).serve_tls(app, acceptor, pending()));
    let ask = async |more: &str| {
        let mut client = openssl(&format!(
            "s_client -connect {address} -CAfile chain.pem -verify_return_error -verify_ip 127.0.0.1 -ign_eof {more}"
        ));
        let mut client = client.spawn().unwrap();
        let asked = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
        // One that was refused reads nothing.
        let _ = client.stdin.take().unwrap().write_all(asked).await;
        let output = tokio::time::timeout(BOUND, client.wait_with_output()).await.unwrap().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let spoken = ask("-alpn http/1.1,h2").await;
    assert!(spoken.contains("ALPN protocol: http/1.1") && spoken.contains("HTTP/1.1 200 OK"), "{spoken}");
    assert!(ask("").await.contains("HTTP/1.1 200 OK"), "without ALPN too");
    assert!(ask("-tls1_2").await.contains("HTTP/1.1 200 OK"));
    assert!(!ask("-tls1_1 -cipher DEFAULT:@SECLEVEL=0").await.contains("HTTP/1.1"));
    assert!(!ask("-alpn h2").await.contains("HTTP/1.1"), "whoever speaks HTTP/2 alone is told so");
}
