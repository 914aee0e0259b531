use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    middleware,
    routing::{get, post},
};
use countersign::store::UserId;
use countersign_axum::{RouteLimits, limit_by_route};
use countersign_rate_limit::{MemoryLimiter, RateLimiter};
use http::{Method, Request};

use crate::{
    limits::Broken,
    rig::{Answer, Rig, answer},
};

const TIERS: &str =
    "letters 2/1m by user: POST /letters, /letters/{id}; hourly 3/1h: POST /letters; first 1/1m: POST /join";

struct Limited {
    app: Router,
    rig: Rig,
}

impl Limited {
    fn new(addresses: bool) -> Self {
        let rig = Rig::new();
        let limiter = MemoryLimiter::new(Arc::new(rig.clock.clone()));
        Self::with(rig, Arc::new(limiter), addresses)
    }

    fn with(rig: Rig, limiter: Arc<dyn RateLimiter>, addresses: bool) -> Self {
        let limits = RouteLimits::new(rig.handle.clone(), limiter, TIERS.parse().unwrap()).addresses(addresses);
        let app = Router::new()
            .route("/letters", get(async || ()).post(async || ()))
            .route("/letters/{id}", get(async || ()))
            .route("/join", post(async || ()))
            .layer(middleware::from_fn_with_state(limits, limit_by_route));
        Self { app, rig }
    }

    async fn call(&self, method: Method, path: &str, session: &str, peer: &str) -> Answer {
        let peer: SocketAddr = format!("{peer}:4711").parse().unwrap();
        let request =
            Request::builder().method(method).uri(path).extension(ConnectInfo(peer)).header("x-session", session);
        answer(&self.app, request.body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, session: &str, peer: &str) -> Answer {
        self.call(Method::POST, path, session, peer).await
    }
}

#[tokio::test]
async fn a_tier_by_user_counts_the_account_wherever_it_is_signed_in() {
    let app = Limited::new(true);
    let (one, two) = (app.rig.host.password_session(&app.rig.user), app.rig.host.password_session(&app.rig.user));
    let first = app.post("/letters", &one, "192.0.2.1").await;
    assert_eq!(first.status, 200);
    assert_eq!(first.headers["ratelimit-policy"], r#""letters";q=2;w=60, "hourly";q=3;w=3600"#);
    assert_eq!(first.headers["ratelimit"], r#""letters";r=1;t=60, "hourly";r=2;t=3600"#);
    // The same tier, by another route of it.
    assert_eq!(app.call(Method::GET, "/letters/1", &two, "192.0.2.2").await.status, 200);
    let refused = app.post("/letters", &two, "192.0.2.3").await.refused(429, "rate_limited");
    assert_eq!(refused.headers["retry-after"], "60");
    assert_eq!(refused.headers["ratelimit"], r#""letters";r=0;t=60"#);
    // Another method of the route is none of the tier's.
    let reading = app.call(Method::GET, "/letters", &one, "192.0.2.1").await;
    assert_eq!((reading.status.as_u16(), reading.headers.get("ratelimit")), (200, None));
    let eve = app.rig.host.password_session(&UserId::new("user-2").unwrap());
    assert_eq!(app.post("/letters", &eve, "192.0.2.3").await.status, 200);
    app.rig.clock.advance(Duration::from_secs(60));
    assert_eq!(app.post("/letters", &one, "192.0.2.4").await.status, 200);
}

#[tokio::test]
async fn where_nobody_is_signed_in_it_counts_the_address() {
    let app = Limited::new(true);
    let ada = app.rig.host.password_session(&app.rig.user);
    for _ in 0..2 {
        assert_eq!(app.post("/letters", "nobody", "192.0.2.1").await.status, 200);
    }
    app.post("/letters", "nobody", "192.0.2.1").await.refused(429, "rate_limited");
    assert_eq!(app.post("/letters", "nobody", "192.0.2.2").await.status, 200);
    assert_eq!(app.post("/letters", &ada, "192.0.2.9").await.status, 200);
}

#[tokio::test]
async fn the_tier_that_has_no_room_says_so_beside_those_that_have() {
    let app = Limited::new(true);
    for user in ["a", "b", "c"] {
        let session = app.rig.host.password_session(&UserId::new(user).unwrap());
        assert_eq!(app.post("/letters", &session, "192.0.2.1").await.status, 200);
    }
    let session = app.rig.host.password_session(&app.rig.user);
    let refused = app.post("/letters", &session, "192.0.2.1").await.refused(429, "rate_limited");
    assert_eq!(refused.headers["ratelimit"], r#""letters";r=1;t=60, "hourly";r=0;t=3600"#);
    assert_eq!(refused.headers["retry-after"], "3600");
}

#[tokio::test]
async fn a_session_that_is_over_spends_nothing_of_its_account() {
    let app = Limited::new(true);
    let stale = app.rig.host.password_session(&app.rig.user);
    let (_, fresh, _) = app.rig.enrol().await;
    for _ in 0..2 {
        assert_eq!(app.post("/letters", &stale, "192.0.2.1").await.status, 200);
    }
    app.post("/letters", &stale, "192.0.2.1").await.refused(429, "rate_limited");
    assert_eq!(app.post("/letters", &fresh, "192.0.2.9").await.status, 200);
}

#[tokio::test]
async fn without_addresses_only_the_signed_in_are_counted() {
    let app = Limited::new(false);
    for _ in 0..5 {
        assert_eq!(app.post("/join", "nobody", "192.0.2.1").await.status, 200);
        assert_eq!(app.post("/letters", "nobody", "192.0.2.1").await.status, 200);
    }
    let ada = app.rig.host.password_session(&app.rig.user);
    for _ in 0..2 {
        assert_eq!(app.post("/letters", &ada, "192.0.2.1").await.status, 200);
    }
    app.post("/letters", &ada, "192.0.2.1").await.refused(429, "rate_limited");
}

#[tokio::test]
async fn what_cannot_be_decided_is_refused() {
    let rig = Rig::new();
    let app = Limited::with(rig, Arc::new(Broken), true);
    app.post("/join", "nobody", "192.0.2.1").await.refused(503, "unavailable");
    // A route of no tier asks no limiter.
    assert_eq!(app.call(Method::GET, "/letters", "nobody", "192.0.2.1").await.status, 200);

    let app = Limited::new(true);
    let ada = app.rig.host.password_session(&app.rig.user);
    app.rig.host.rooms().down = true;
    app.post("/letters", &ada, "192.0.2.1").await.refused(503, "unavailable");
    assert_eq!(app.post("/join", &ada, "192.0.2.1").await.status, 200, "a tier by address does not ask who it is");
}
