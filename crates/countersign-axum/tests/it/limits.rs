use std::{net::SocketAddr, sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::{Router, body::Body, extract::ConnectInfo, middleware, routing::get};
use countersign::clock::{ManualClock, Timestamp};
use countersign_axum::{AddressLimit, TrustedProxies, client_address, limit_by_address};
use countersign_rate_limit::{Charge, Decision, LimitError, MemoryLimiter, RateLimiter};
use http::Request;

use crate::rig::{Answer, answer};

fn app(limiter: Arc<dyn RateLimiter>, proxies: &str) -> Router {
    let clock = ManualClock::at(Timestamp::from_secs(1_767_225_600));
    let limit = AddressLimit::new(limiter, "general", "2/1m".parse().unwrap())
        .apart(&["/standing"], Arc::new(MemoryLimiter::new(Arc::new(clock))));
    let proxies: TrustedProxies = proxies.parse().unwrap();
    Router::new()
        .route("/", get(async || ()))
        .route("/standing", get(async || ()))
        .layer(middleware::from_fn_with_state(limit, limit_by_address))
        .layer(middleware::from_fn_with_state(proxies, client_address))
}

async fn from(app: &Router, peer: &str, forwarded: &str) -> Answer {
    let peer: SocketAddr = peer.parse().unwrap();
    let request = Request::builder().uri("/").extension(ConnectInfo(peer)).header("x-forwarded-for", forwarded);
    answer(app, request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn the_third_request_of_an_address_waits() {
    let clock = ManualClock::at(Timestamp::from_secs(1_767_225_600));
    let app = app(Arc::new(MemoryLimiter::new(Arc::new(clock.clone()))), "");
    let first = from(&app, "192.0.2.1:1", "").await;
    assert_eq!(first.headers["ratelimit-policy"], r#""general";q=2;w=60"#);
    assert_eq!(first.headers["ratelimit"], r#""general";r=1;t=60"#);
    assert_eq!(from(&app, "192.0.2.1:2", "203.0.113.9").await.status, 200);
    let third = from(&app, "192.0.2.1:3", "203.0.113.10").await.refused(429, "rate_limited");
    assert_eq!(third.headers["retry-after"], "60");
    assert_eq!(from(&app, "192.0.2.2:1", "").await.status, 200);
    clock.advance(Duration::from_secs(60));
    assert_eq!(from(&app, "192.0.2.1:4", "").await.status, 200);
}

#[tokio::test]
async fn one_ipv6_network_is_one_client_and_a_proxy_is_none() {
    let clock = Arc::new(ManualClock::at(Timestamp::from_secs(1_767_225_600)));
    let app = app(Arc::new(MemoryLimiter::new(clock)), "10.0.0.0/8");
    assert_eq!(from(&app, "[2001:db8::1]:1", "").await.status, 200);
    assert_eq!(from(&app, "[2001:db8::2]:1", "").await.status, 200);
    from(&app, "[2001:db8::3]:1", "").await.refused(429, "rate_limited");
    for client in ["203.0.113.1", "203.0.113.2", "203.0.113.3"] {
        assert_eq!(from(&app, "10.0.0.1:1", client).await.status, 200, "{client}");
    }
}

#[tokio::test]
async fn a_limiter_that_cannot_decide_lets_nobody_through() {
    from(&app(Arc::new(Broken), ""), "192.0.2.1:1", "").await.refused(503, "unavailable");
}

#[tokio::test]
async fn how_the_server_stands_is_told_without_the_limiter_and_counted_apart() {
    let standing = async |app: &Router| {
        let request = Request::builder().uri("/standing").extension(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 1))));
        answer(app, request.body(Body::empty()).unwrap()).await
    };
    let app = app(Arc::new(Broken), "");
    for _ in 0..2 {
        assert_eq!(standing(&app).await.status, 200);
    }
    standing(&app).await.refused(429, "rate_limited");
}

#[derive(Debug)]
pub(crate) struct Broken;

#[async_trait]
impl RateLimiter for Broken {
    async fn take(&self, _: &[Charge<'_>]) -> Result<Decision, LimitError> {
        Err(LimitError::NoClock)
    }

    async fn give_back(&self, _: &[Charge<'_>]) -> Result<(), LimitError> {
        Err(LimitError::NoClock)
    }

    async fn clear(&self, _: &[Charge<'_>]) -> Result<(), LimitError> {
        Err(LimitError::NoClock)
    }
}
