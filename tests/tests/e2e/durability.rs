use countersign_tests::server::Server;
use reqwest::StatusCode;

use crate::people::Person;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_stays_used_through_a_kill() {
    let server = Server::start(&[]).await;
    let mut ada = Person::enrol(server.client(), "ada@example.com").await;
    let code = ada.phone.code().await;
    let ticket = ada.ticket().await;
    let spare = ada.ticket().await;
    assert_eq!(ada.client.second_step(&ticket, &code).await.status, StatusCode::OK);
    let backup = ada.client.second_step_by_backup_code(&spare, &ada.backup_codes[0]).await;
    assert_eq!(backup.status, StatusCode::OK);
    let spare = ada.ticket().await;

    let server = server.kill_and_restart().await;
    ada.client = server.client();
    ada.client.second_step(&ticket, &code).await.refused(401, "ticket_invalid");
    ada.client.second_step(&spare, &code).await.refused(401, "invalid_code");
    ada.client.second_step_by_backup_code(&spare, &ada.backup_codes[0]).await.refused(401, "invalid_code");
    let next = ada.phone.code().await;
    assert_eq!(ada.client.second_step(&spare, &next).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_charged_stays_charged_through_a_kill() {
    let server = Server::start(&[]).await;
    let mut ada = Person::enrol(server.client(), "ada@example.com").await;
    let ticket = ada.ticket().await;
    for _ in 0..5 {
        ada.client.second_step(&ticket, &ada.phone.wrong()).await.refused(401, "invalid_code");
    }
    let server = server.kill_and_restart().await;
    ada.client = server.client();
    let code = ada.phone.code().await;
    ada.client.second_step(&ada.ticket().await, &code).await.refused(429, "rate_limited");
}
