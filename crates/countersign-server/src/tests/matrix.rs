use http::Method;
use serde_json::{Value, json};

use super::rig::{ADA, PASSWORD, Rig};

/// The routes that an outsider may call, as the contract has them.
const OPEN: [(&str, &str); 7] = [
    ("post", "/api/v1/auth/register"),
    ("post", "/api/v1/auth/login"),
    ("post", "/api/v1/auth/login/2fa"),
    ("post", "/api/v1/auth/refresh"),
    ("get", "/healthz"),
    ("get", "/readyz"),
    ("get", "/metrics"),
];

/// The routes that a set-up token opens beside those.
const SET_UP: [(&str, &str); 2] = [("post", "/api/v1/2fa/setup"), ("post", "/api/v1/2fa/verify")];

#[tokio::test]
async fn every_other_route_asks_for_a_session_and_no_token_of_another_kind_is_one() {
    let rig = Rig::with(&["--general-limit", "off"]).await;
    let ada = rig.enrol(ADA).await;
    let ticket = rig.login(ADA, PASSWORD).await.text("ticket");
    let setup = rig.register("eve@example.com").await.text("setup_token");
    let ended = rig.sign_in(ADA, &ada.phone).await.text("access_token");
    assert_eq!(rig.post("/api/v1/auth/logout", Some(&ended), json!({})).await.status, 204);

    let description = rig.get("/openapi.json", None).await.body;
    let mut guarded = 0;
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let route = (method.as_str(), path.as_str());
            let said_open = operation["security"] == json!([{}]);
            assert_eq!(said_open, OPEN.contains(&route), "{route:?} is described otherwise");
            if said_open {
                continue;
            }
            guarded += 1;
            let called =
                path.replace("{factor_id}", &"0".repeat(32)).replace("{id}", "0190b0a0-0000-7000-8000-000000000000");
            let method: Method = method.to_uppercase().parse().unwrap();
            for (kind, token) in [
                ("nothing", None),
                ("a ticket", Some(&ticket)),
                ("an ended session", Some(&ended)),
                ("a set-up token", Some(&setup)),
            ] {
                if kind == "a set-up token" && SET_UP.contains(&route) {
                    continue;
                }
                let body = (method != Method::GET).then(|| json!({"code": "123456"}));
                let answer = rig.call(method.clone(), &called, token.map(String::as_str), body).await;
                assert_eq!(
                    (answer.status.as_u16(), &answer.body["code"]),
                    (401, &Value::from("unauthorized")),
                    "{route:?} with {kind}"
                );
            }
        }
    }
    assert_eq!(guarded, 17);
}
