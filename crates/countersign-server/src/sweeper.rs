use std::{sync::Arc, time::Duration};

use countersign::{
    clock::{Clock, Timestamp},
    store::Chain,
};
use countersign_sqlx::SqlLimiter;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::{devices::Devices, retention::Retention, sessions::Sessions, settings::Age};

/// Deletes what no longer holds, in small steps; what holds is decided when it is read, not here.
///
/// Every instance does it. A step that another instance was about to take finds less to do, or nothing; what a step could
/// not do is done by a later one.
#[derive(Debug)]
pub(crate) struct Sweeper {
    /// Sessions, and with each its refresh tokens.
    pub(crate) sessions: Sessions,
    /// Devices.
    pub(crate) devices: Devices,
    /// Counts of limits, where the database keeps them.
    pub(crate) limiter: SqlLimiter,
    /// Events of audit trails.
    pub(crate) retention: Retention,
    /// How old those may become, if there is a bound.
    pub(crate) audit_retention: Option<Age>,
    /// When it is.
    pub(crate) clock: Arc<dyn Clock>,
}

/// How often it is done.
const EVERY: Duration = Duration::from_secs(60);

/// As many rows as one step deletes at most.
pub(crate) const STEP: u64 = 500;

impl Sweeper {
    /// Sweeps once a minute, for as long as it is polled.
    pub(crate) async fn run(self, metrics: Option<PrometheusHandle>) {
        let mut ticks = tokio::time::interval(EVERY);
        let mut place = None;
        loop {
            ticks.tick().await;
            if let Some(metrics) = &metrics {
                metrics.run_upkeep();
            }
            if let Some(now) = self.clock.now() {
                place = self.once(now, place).await;
            }
        }
    }

    /// Deletes all rows that no longer hold, and looks at the next trails after `place`. Gives where those end.
    pub(crate) async fn once(&self, now: Timestamp, place: Option<Chain>) -> Option<Chain> {
        // An error has been told of where it arose; the next minute tries again.
        while let Ok(STEP..) = self.sessions.sweep(now).await {
            tokio::task::yield_now().await;
        }
        while let Ok(STEP..) = self.devices.sweep(now).await {
            tokio::task::yield_now().await;
        }
        while let Ok(STEP..) = self.limiter.sweep().await {
            tokio::task::yield_now().await;
        }
        let before = now.saturating_sub(self.audit_retention?.duration());
        match self.retention.step(place.as_ref(), before, false).await {
            Ok(kept) => {
                for user in kept.faults {
                    tracing::error!(%user, "a trail is not as it was written; its old events stay");
                }
                kept.next
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "old events of trails stay for now");
                place
            }
        }
    }
}
