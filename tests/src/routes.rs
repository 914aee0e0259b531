//! The routes of a server, as its own description has them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::Client;

/// An id in the form of the server's that is nobody's.
pub const NOBODYS_ID: &str = "0190b0a0-0000-7000-8000-000000000000";

/// Every route of `/openapi.json` with its description: the method and the path as it is written there.
pub async fn described(client: &Client) -> Vec<(Method, String, Value)> {
    let description = client.ask(Method::GET, "/openapi.json").send().await.done();
    let paths = description.body["paths"].as_object().expect("paths");
    let mut routes = Vec::new();
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().expect("operations") {
            let method = method.to_uppercase().parse().expect("a method");
            routes.push((method, path.clone(), operation.clone()));
        }
    }
    assert!(routes.len() >= 15, "{routes:?}");
    routes
}

/// Every route of `/openapi.json` that says it asks who is there, with ids that are nobody's in its path.
pub async fn guarded(client: &Client) -> Vec<(Method, String)> {
    let routes = described(client).await.into_iter();
    let routes: Vec<_> = routes
        .filter(|(_, _, operation)| operation["security"] != json!([{}]))
        .map(|(method, path, _)| (method, with_ids(&path)))
        .collect();
    assert!(routes.len() >= 10, "{routes:?}");
    routes
}

/// A path with ids that are nobody's.
pub fn with_ids(path: &str) -> String {
    path.replace("{factor_id}", &"0".repeat(32)).replace("{id}", NOBODYS_ID)
}
