use std::{fmt, future::Future, sync::Arc, time::Duration};

use async_trait::async_trait;
use countersign_rate_limit::{Bucket, Charge, Decision, LimitError, Quota, RateLimiter, Shape};
use redis::{
    AsyncCommands, Client, RedisError, RedisResult, Script,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use tokio::time::timeout;

use crate::RedisLimitError;

/// A limiter in Redis, for every process that shares it.
///
/// Each call is one script, so each is atomic, and one round trip. Time is that of the Redis server. Keys expire with what
/// they count. All keys share one hash tag, so that on a cluster the charges of a call live in one slot; that puts all of
/// them on one node.
///
/// What Redis holds may be lost (a restart, `FLUSHALL`, eviction) and counts begin anew then: keep what must not be lost,
/// such as the budget for second-factor codes, in a database.
#[derive(Clone)]
pub struct RedisLimiter {
    connection: ConnectionManager,
    tag: Arc<str>,
    clock: Option<Arc<dyn countersign_clock::Clock>>,
    take: Arc<Script>,
    give_back: Arc<Script>,
}

impl RedisLimiter {
    /// How long a call may take before it is answered with an error: a request that runs into it is itself answered within
    /// two seconds.
    const PATIENCE: Duration = Duration::from_millis(1500);

    /// Connects to the server at `url`, such as `redis://:password@cache.example.com:6379/0`. It connects again by itself
    /// when the connection is lost.
    ///
    /// # Errors
    /// [`RedisLimitError::Connect`].
    pub async fn connect(url: &str) -> Result<Self, RedisLimitError> {
        let connect = async {
            let config = ConnectionManagerConfig::new()
                .set_connection_timeout(Some(Duration::from_millis(800)))
                .set_response_timeout(Some(Duration::from_millis(1200)))
                .set_number_of_retries(1)
                .set_max_delay(Duration::from_millis(500));
            ConnectionManager::new_with_config(Client::open(url)?, config).await
        };
        Ok(Self {
            connection: connect.await.map_err(|error| RedisLimitError::Connect(error.into()))?,
            tag: "countersign".into(),
            clock: None,
            take: Arc::new(Script::new(include_str!("take.lua"))),
            give_back: Arc::new(Script::new(include_str!("give_back.lua"))),
        })
    }

    /// Another name for the keys to begin with than `countersign`, for several deployments on one server.
    ///
    /// # Errors
    /// [`RedisLimitError::Prefix`] unless it is 1 to 64 of `a`–`z`, `0`–`9`, `-` and `_`.
    pub fn prefix(mut self, prefix: &str) -> Result<Self, RedisLimitError> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
        if !(1..=64).contains(&prefix.len()) || !prefix.bytes().all(plain) {
            return Err(RedisLimitError::Prefix);
        }
        self.tag = prefix.into();
        Ok(self)
    }

    /// Keeps to the wall time of `clock` instead of the server's; all who share the counts must then agree on the time.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn countersign_clock::Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Whether the server answers now; for a readiness check.
    ///
    /// # Errors
    /// [`LimitError::Unavailable`].
    pub async fn ping(&self) -> Result<(), LimitError> {
        let mut connection = self.connection.clone();
        within(async { connection.ping::<String>().await }).await.map(drop)
    }

    fn now(&self) -> Result<String, LimitError> {
        match &self.clock {
            None => Ok(String::new()),
            Some(clock) => Ok(clock.now().ok_or(LimitError::NoClock)?.to_string()),
        }
    }

    /// Only the part in braces decides the slot, and only the first pair of braces counts. A quota's text has no bar, so
    /// the first one ends it.
    fn name(&self, charge: &Charge<'_>) -> String {
        format!("{{{}}}:{}|{}", self.tag, charge.quota, charge.key)
    }
}

#[async_trait]
impl RateLimiter for RedisLimiter {
    async fn take(&self, charges: &[Charge<'_>]) -> Result<Decision, LimitError> {
        Charge::check(charges)?;
        let mut call = self.take.prepare_invoke();
        call.arg(self.now()?);
        for charge in charges {
            let quota = &charge.quota;
            call.key(self.name(charge));
            call.arg(shape(quota)).arg(quota.window_millis()).arg(quota.limit()).arg(cost(quota, charge.weight));
        }
        let mut connection = self.connection.clone();
        let reply: Vec<u64> = within(call.invoke_async(&mut connection)).await?;
        decide(charges, &reply).ok_or_else(|| LimitError::Unavailable("an answer of another form".into()))
    }

    async fn give_back(&self, charges: &[Charge<'_>]) -> Result<(), LimitError> {
        Charge::check(charges)?;
        let mut call = self.give_back.prepare_invoke();
        for charge in charges {
            call.key(self.name(charge)).arg(cost(&charge.quota, charge.weight));
        }
        let mut connection = self.connection.clone();
        within(call.invoke_async::<u8>(&mut connection)).await.map(drop)
    }

    async fn clear(&self, charges: &[Charge<'_>]) -> Result<(), LimitError> {
        Charge::check(charges)?;
        let names: Vec<String> = charges.iter().map(|charge| self.name(charge)).collect();
        let mut connection = self.connection.clone();
        within(async { connection.del::<_, u64>(names).await }).await.map(drop)
    }
}

impl fmt::Debug for RedisLimiter {
    /// Without the address, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLimiter").field("tag", &self.tag).finish_non_exhaustive()
    }
}

/// What the script's reply means. If it took, the buckets are as they are now; else as they were found, and the rules say
/// for how long there is no room.
fn decide(charges: &[Charge<'_>], reply: &[u64]) -> Option<Decision> {
    let [taken, now, rest @ ..] = reply else { return None };
    let mut decision = Decision::Allowed { remaining: u32::MAX, resets_after: Duration::ZERO };
    let mut seen: Vec<(&Charge<'_>, Bucket)> = Vec::with_capacity(charges.len());
    for (charge, numbers) in charges.iter().zip(rest.chunks_exact(3)) {
        let [since, used, earlier] = *numbers else { return None };
        let found = Bucket { since, used, earlier };
        if *taken == 1 {
            decision = decision.and(found.allowed(&charge.quota, *now));
            continue;
        }
        // The same bucket again goes on from where its first charge would have left it.
        let same = |other: &Charge<'_>| other.key == charge.key && other.quota == charge.quota;
        let known = seen.iter().rev().find(|(other, _)| same(other)).map(|(_, bucket)| *bucket);
        let mut bucket = known.unwrap_or(found);
        decision = decision.and(bucket.take(&charge.quota, charge.weight, *now));
        seen.push((charge, bucket));
    }
    let told = rest.len() == 3 * charges.len() && decision.is_allowed() == (*taken == 1);
    told.then_some(decision)
}

async fn within<T>(work: impl Future<Output = RedisResult<T>>) -> Result<T, LimitError> {
    match timeout(RedisLimiter::PATIENCE, work).await {
        Ok(result) => result.map_err(|error: RedisError| LimitError::Unavailable(error.into())),
        Err(late) => Err(LimitError::Unavailable(late.into())),
    }
}

const fn shape(quota: &Quota) -> &'static str {
    match quota.counted() {
        Shape::FixedFromFirst => "fixed",
        Shape::Sliding => "sliding",
        Shape::TokenBucket => "token-bucket",
    }
}

const fn cost(quota: &Quota, weight: u32) -> u64 {
    match quota.counted() {
        Shape::TokenBucket => weight as u64 * quota.window_millis(),
        Shape::FixedFromFirst | Shape::Sliding => weight as u64,
    }
}
