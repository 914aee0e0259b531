use countersign_tests::server::Server;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::people::Person;

/// Every route of the server's own description, with a body that is none of its business.
async fn routes(person: &Person) -> Vec<(Method, String)> {
    let description = person.client.call(Method::GET, "/openapi.json", None, None).await;
    assert_eq!(description.status, StatusCode::OK);
    let paths = description.body["paths"].as_object().expect("paths").clone();
    let mut routes = Vec::new();
    for (path, operations) in &paths {
        for method in operations.as_object().expect("operations").keys() {
            if let Ok(method) = method.to_uppercase().parse::<Method>() {
                routes.push((method, path.replace("{factor_id}", &"0".repeat(32)).replace("{id}", &"0".repeat(32))));
            }
        }
    }
    assert!(routes.len() >= 15, "{routes:?}");
    routes
}

/// Routes that ask for nobody in particular.
const OPEN: [&str; 9] = [
    "/api/v1/auth/register",
    "/api/v1/auth/login",
    "/api/v1/auth/login/2fa",
    "/api/v1/auth/refresh",
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/docs",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_opens_nothing_but_the_second_step() {
    let server = Server::start(&[]).await;
    let person = Person::enrol(server.client(), "ada@example.com").await;
    let ticket = person.ticket().await;
    let mut asked = 0;
    for (method, path) in routes(&person).await {
        if OPEN.contains(&path.as_str()) {
            continue;
        }
        let body = (method != Method::GET).then(|| json!({}));
        for bearer in [None, Some(ticket.as_str()), Some("made-up")] {
            let answer = person.client.call(method.clone(), &path, bearer, body.clone()).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}: {answer:?}");
        }
        asked += 1;
    }
    assert!(asked >= 10, "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_up_token_opens_nothing_but_the_set_up() {
    let server = Server::start(&[]).await;
    let person = Person::enrol(server.client(), "ada@example.com").await;
    let token = person.client.register("bob@example.com").await;
    for (method, path) in routes(&person).await {
        if OPEN.contains(&path.as_str()) || path == "/api/v1/2fa/setup" || path == "/api/v1/2fa/verify" {
            continue;
        }
        let body = (method != Method::GET).then(|| json!({}));
        let answer = person.client.call(method.clone(), &path, Some(&token), body).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}: {answer:?}");
    }
}
