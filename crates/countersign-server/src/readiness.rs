use std::{sync::Arc, time::Duration};

use countersign_rate_limit::{Charge, LimitError, Quota, RateLimiter};
use countersign_sqlx::SqlLimiter;

/// What the server leans on, and whether it answers.
#[derive(Clone, Debug)]
pub(crate) struct Readiness {
    /// The limiter, where it is not the database.
    pub(crate) limiter: Option<Arc<dyn RateLimiter>>,
    /// The database, asked to write: a full disk and a lock of somebody else's let it read on.
    pub(crate) database: SqlLimiter,
}

impl Readiness {
    /// The parts that do not answer. All are asked at once, so that this takes no longer than the slowest.
    pub(crate) async fn failing(&self) -> Vec<&'static str> {
        let limiter = async {
            match &self.limiter {
                Some(limiter) => ask(&**limiter).await,
                None => Ok(()),
            }
        };
        let (database, limiter) = tokio::join!(ask(&self.database), limiter);
        let parts = [("database", database), ("limiter", limiter)];
        parts.into_iter().filter_map(|(name, answer)| is_failing(name, answer)).collect()
    }
}

/// "No room" is an answer too.
async fn ask(limiter: &dyn RateLimiter) -> Result<(), LimitError> {
    let quota = Quota::new(Quota::MAX_LIMIT, Duration::from_secs(60))?;
    limiter.take(&[Charge::new("readiness", quota)]).await.map(drop)
}

fn is_failing(name: &'static str, answer: Result<(), LimitError>) -> Option<&'static str> {
    let error = answer.err()?;
    tracing::error!(part = name, error = &error as &dyn std::error::Error, "not ready");
    Some(match error {
        LimitError::NoClock => "clock",
        _ => name,
    })
}
