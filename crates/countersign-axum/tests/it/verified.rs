use std::time::Duration;

use axum::{Router, middleware, routing::get};
use countersign::clock::Timestamp;
use countersign_axum::{FreshTwoFactor, Handle, TwoFactorVerified, TwoFactorWithin, require_two_factor};
use http::header::WWW_AUTHENTICATE;
use serde_json::json;

use crate::rig::{By, Rig};

/// The rig with three routes of an application beside the router's own.
fn with_routes(mut rig: Rig) -> Rig {
    let within = TwoFactorWithin { handle: rig.handle.clone(), max_age: Some(Duration::from_secs(60)) };
    let guarded = Router::new()
        .route("/guarded", get(async || ()))
        .layer(middleware::from_fn_with_state(within, require_two_factor));
    let routes: Router<Handle> = Router::new()
        .route("/verified", get(async |TwoFactorVerified(_): TwoFactorVerified| ()))
        .route("/fresh", get(async |FreshTwoFactor(_): FreshTwoFactor<60>| ()))
        .merge(guarded);
    rig.app = rig.app.merge(routes.with_state(rig.handle.clone()));
    rig
}

#[tokio::test]
async fn a_route_can_ask_for_a_second_factor_and_for_a_fresh_one() {
    let rig = with_routes(Rig::new());
    let (phone, session, _) = rig.enrol().await;
    let by = By::Session(&session);
    for path in ["/verified", "/fresh", "/guarded"] {
        assert_eq!(rig.get(path, by).await.status, 200, "{path}");
        rig.get(path, By::Nobody).await.refused(401, "unauthorized");
    }
    rig.clock.advance(Duration::from_secs(61));
    assert_eq!(rig.get("/verified", by).await.status, 200);
    for path in ["/fresh", "/guarded"] {
        let refused = rig.get(path, by).await.refused(401, "insufficient_user_authentication");
        let challenge = refused.headers[WWW_AUTHENTICATE].to_str().unwrap();
        assert!(challenge.contains("max_age=\"60\"") && challenge.contains("acr_values=\"2fa\""), "{challenge}");
    }
    let raised = rig.post("/2fa/verify", by, json!({"code": phone.code(rig.secs())})).await.ok();
    assert_eq!(raised.body, json!({"status": "verified", "step_up_until": "2026-01-01T00:06:01Z"}));
    assert_eq!(rig.get("/fresh", by).await.status, 200);
}

#[tokio::test]
async fn a_session_that_knows_the_password_alone_does_not_pass() {
    let rig = with_routes(Rig::with(|policy| policy.required(false)));
    let session = rig.host.password_session(&rig.user);
    for path in ["/verified", "/fresh", "/guarded"] {
        rig.get(path, By::Session(&session)).await.refused(401, "insufficient_user_authentication");
    }
}

#[tokio::test]
async fn a_clock_that_went_back_makes_nothing_fresh() {
    let rig = with_routes(Rig::new());
    let (_, session, _) = rig.enrol().await;
    let now = rig.secs();
    rig.clock.set(Some(Timestamp::from_secs(now - 1)));
    rig.get("/fresh", By::Session(&session)).await.refused(401, "insufficient_user_authentication");
    rig.clock.set(None);
    rig.get("/fresh", By::Session(&session)).await.refused(503, "unavailable");
}
