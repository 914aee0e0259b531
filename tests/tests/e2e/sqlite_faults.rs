//! What becomes of a server on SQLite when another process keeps the file locked, or when the disk is full: a "no" in bounded
//! time, the truth at `/readyz`, nothing that was not charged, and recovery by itself.

use std::{fs, io::Write as _, path::Path, time::Duration};

use countersign_tests::{
    client::{Answer, Client, PASSWORD},
    person::Person,
    server::Server,
};
use reqwest::Method;
use rusqlite::Connection;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::deployed::BOUND;

const WRONG: &str = "a wrong but long password";

/// Asserts that a call answers 503 within the bound.
async fn no(client: &Client, path: &str, body: Option<Value>) -> Answer {
    let method = if body.is_some() { Method::POST } else { Method::GET };
    let answer = timeout(BOUND, client.call(method, path, None, body)).await;
    let answer = answer.unwrap_or_else(|_| panic!("{path} takes longer than {BOUND:?}"));
    answer.refused(503, "unavailable");
    assert_eq!(answer.header("retry-after"), Some("2"), "{answer:?}");
    answer
}

/// Asserts that no password and no code is looked at, and that `/readyz` says why.
async fn everything_is_no(ada: &Person, ticket: &str, code: &str) {
    let client = ada.client.through_faults();
    for password in [PASSWORD, WRONG] {
        no(&client, "/api/v1/auth/login", Some(json!({"email": ada.email, "password": password}))).await;
    }
    for code in [code, &ada.phone.wrong()] {
        no(&client, "/api/v1/auth/login/2fa", Some(json!({"ticket": ticket, "code": code}))).await;
    }
    no(&client, "/api/v1/auth/refresh", Some(json!({"refresh_token": ada.session.refresh}))).await;
    let not_ready = no(&client, "/readyz", None).await;
    assert!(not_ready.text("detail").contains("database"), "{not_ready:?}");
    // The process itself lives.
    client.call(Method::GET, "/healthz", None, None).await.done();
}

/// Waits until the server says that it is ready: five seconds at most, by itself. Then what was refused has done nothing.
async fn all_is_as_before(ada: &mut Person, ticket: &str, code: &str) {
    let client = ada.client.through_faults();
    let ready = async {
        while client.call(Method::GET, "/readyz", None, None).await.status != 200 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(5), ready).await.expect("it recovers within five seconds");
    // A refused code was not taken, and a refused wrong one not charged, as the writer says which writes it never began.
    ada.client.second_step(ticket, code).await.done();
    let wrong = ada.client.second_step(&ada.ticket().await, &ada.phone.wrong()).await;
    assert_eq!(wrong.refused(401, "invalid_code").body["attempts_left"], 4);
    ada.client.refresh(&ada.session.refresh).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn while_another_process_writes_for_long_the_answer_is_no_and_it_recovers() {
    let server = Server::start(&[]).await;
    let mut ada = Person::enrol(server.client(), "ada@example.com").await;
    let other = Connection::open(server.data().join("countersign.db")).expect("the server's database");
    for name in ["bob", "eve"] {
        let (ticket, code) = (ada.ticket().await, ada.phone.lasting_code().await);
        other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
        everything_is_no(&ada, &ticket, &code).await;
        other.execute_batch("ROLLBACK").expect("it is let go");
        all_is_as_before(&mut ada, &ticket, &code).await;
        ada = Person::enrol(server.client(), &format!("{name}@example.com")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_the_answer_is_no_and_space_heals_it() {
    let server = Server::start_on_a_small_disk().await;
    let mut ada = Person::enrol(server.client(), "ada@example.com").await;
    let (ticket, code) = (ada.ticket().await, ada.phone.lasting_code().await);
    let filler = server.data_as_mounted().join("filler");
    fill(&filler);
    everything_is_no(&ada, &ticket, &code).await;
    fs::remove_file(&filler).expect("it was made");
    all_is_as_before(&mut ada, &ticket, &code).await;
}

/// Writes until there is no room for one more byte.
fn fill(path: &Path) {
    let mut file = fs::File::create(path).expect("a file beside the database");
    for size in [65_536, 4096, 1] {
        while file.write(&vec![b'x'; size]).is_ok_and(|written| written > 0) {}
    }
}
