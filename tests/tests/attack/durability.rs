//! D-29, and what else has to outlive the process. Each starts a server of its own, and kills it.

use countersign_tests::{deployment::Deployment, person::Person};
use reqwest::StatusCode;

use crate::case::Case;

pub(crate) async fn d_29_the_count_survives_the_failed_request(case: &Case) {
    let deployment = Deployment::start(case.backend, &[]).await;
    let mut ada = Person::enrol(deployment.client(), &case.email("ada")).await;
    ada.spend_the_budget().await;
    for _ in 0..5 {
        ada.client.second_step(&ada.ticket().await, &ada.phone.wrong()).await.refused(429, "rate_limited");
    }
    for _ in 0..5 {
        ada.client.login(&ada.email, "a wrong but long password").await.refused(401, "invalid_credentials");
    }
    let deployment = deployment.kill_and_restart().await;
    ada.client = deployment.client();
    // The password's budget, from the same network.
    ada.client.login(&ada.email, countersign_tests::client::PASSWORD).await.refused(429, "rate_limited");
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
