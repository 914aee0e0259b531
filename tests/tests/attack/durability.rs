//! D-29, and what else has to outlive the process. Each starts a server of its own, and kills it.

use countersign_tests::{client::PASSWORD, deployment::Deployment, person::Person};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::case::Case;

const WRONG: &str = "a wrong but long password";

/// A wrong answer is counted whatever becomes of the request: the caller hangs up, the rest of the request fails.
pub(crate) async fn d_29_the_count_survives_the_failed_request(case: &Case) {
    let deployment = Deployment::start(case.backend, &[]).await;
    let mut ada = Person::enrol(deployment.client(), &case.email("ada")).await;
    let user = format!("user={}", ada.get("/auth/me").await.text("user_id"));
    // Three wrong codes, and nobody there any more when the answer comes.
    let ticket = ada.ticket().await;
    for n in 1..=3 {
        let body = json!({"ticket": ticket, "code": ada.phone.wrong()});
        hang_up(&deployment, n, "/api/v1/auth/login/2fa", &body, &[&user, "event=\"code_refused\""]).await;
    }
    let fourth = ada.client.second_step(&ada.ticket().await, &ada.phone.wrong()).await;
    assert_eq!(fourth.refused(401, "invalid_code").body["attempts_left"], 1);
    // A right one whose session cannot be written: nobody is let in, and the code stays used.
    let (ticket, code) = (ada.ticket().await, ada.phone.lasting_code().await);
    deployment.refuse("INSERT", "server_sessions");
    ada.client.through_faults().second_step(&ticket, &code).await.refused(503, "unavailable");
    deployment.accept();
    ada.client.second_step(&ticket, &code).await.refused(401, "ticket_invalid");
    ada.client.second_step(&ada.ticket().await, &code).await.refused(401, "invalid_code");
    // Nor were the wrong ones forgotten over it.
    let fifth = ada.client.second_step(&ada.ticket().await, &ada.phone.wrong()).await;
    assert_eq!(fifth.refused(401, "invalid_code").body["attempts_left"], 0);
    for _ in 0..5 {
        ada.client.second_step(&ada.ticket().await, &ada.phone.wrong()).await.refused(429, "rate_limited");
    }
    // What cannot be counted is not looked at: ten wrong codes and a right one get the same answer.
    let mut bob = Person::enrol(deployment.client(), &case.email("bob")).await;
    let (ticket, code) = (bob.ticket().await, bob.phone.lasting_code().await);
    let client = bob.client.through_faults();
    deployment.refuse("UPDATE", "countersign_records");
    let mut told = Vec::new();
    for _ in 0..10 {
        told.push(client.second_step(&ticket, &bob.phone.wrong()).await);
    }
    told.push(client.second_step(&ticket, &code).await);
    for answer in &told {
        answer.refused(503, "unavailable");
        assert_eq!(answer.text, told[0].text);
    }
    deployment.accept();
    let wrong = bob.client.second_step(&bob.ticket().await, &bob.phone.wrong()).await;
    assert_eq!(wrong.refused(401, "invalid_code").body["attempts_left"], 4);
}

/// Sends the `n`-th request to an instance, waits until its log has so many lines with these texts as the instance has had
/// such requests, and goes without reading the answer.
async fn hang_up(deployment: &Deployment, n: usize, path: &str, body: &Value, logged: &[&str]) {
    let servers = deployment.servers();
    let server = &servers[n % servers.len()];
    let authority = server.url().strip_prefix("http://").expect("plain HTTP");
    let body = body.to_string();
    let head = format!("POST {path} HTTP/1.1\r\nhost: {authority}\r\ncontent-type: application/json\r\n");
    let request = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    let mut stream = TcpStream::connect(authority).await.expect("the server listens");
    stream.write_all(request.as_bytes()).await.expect("it is sent");
    let requests_here = (1..=n).filter(|earlier| earlier % servers.len() == n % servers.len()).count();
    server.log().lines_with(logged, requests_here).await;
}

pub(crate) async fn what_was_counted_stays_counted_through_a_kill(case: &Case) {
    let deployment = Deployment::start(case.backend, &[]).await;
    let mut ada = Person::enrol(deployment.client(), &case.email("ada")).await;
    ada.spend_the_budget().await;
    for _ in 0..5 {
        ada.client.second_step(&ada.ticket().await, &ada.phone.wrong()).await.refused(429, "rate_limited");
    }
    for _ in 0..5 {
        ada.client.login(&ada.email, WRONG).await.refused(401, "invalid_credentials");
    }
    let deployment = deployment.kill_and_restart().await;
    ada.client = deployment.client();
    // The password's budget, from the same network.
    ada.client.login(&ada.email, PASSWORD).await.refused(429, "rate_limited");
    // And the codes', from another one.
    let client = deployment.client().at(std::net::Ipv4Addr::new(127, 250, 0, 1));
    let code = ada.phone.code().await;
    client.second_step(&client.ticket(&ada.email).await, &code).await.refused(429, "rate_limited");
}

pub(crate) async fn what_was_accepted_stays_used_through_a_kill(case: &Case) {
    let deployment = Deployment::start(case.backend, &[]).await;
    let mut ada = Person::enrol(deployment.client(), &case.email("ada")).await;
    let (ticket, spare) = (ada.ticket().await, ada.ticket().await);
    let (code, backup) = (ada.phone.lasting_code().await, ada.backup_code());
    let session = ada.client.second_step(&ticket, &code).await.done();
    ada.client.second_step_by_backup_code(&spare, &backup).await.done();
    let spare = ada.ticket().await;
    let refreshed = ada.client.refresh(&session.text("refresh_token")).await.done();
    ada.client.refresh(&refreshed.text("refresh_token")).await.done();

    let deployment = deployment.kill_and_restart().await;
    ada.client = deployment.client();
    ada.client.second_step(&ticket, &code).await.refused(401, "ticket_invalid");
    ada.client.second_step(&spare, &code).await.refused(401, "invalid_code");
    ada.client.second_step_by_backup_code(&spare, &backup).await.refused(401, "invalid_code");
    let me = ada.client.get("/auth/me", Some(&session.text("access_token"))).await;
    assert_eq!(me.status, StatusCode::OK, "{me:?}");
    ada.client.refresh(&session.text("refresh_token")).await.refused(401, "token_reuse");
    let next = ada.phone.code().await;
    ada.client.second_step(&spare, &next).await.done();
}
