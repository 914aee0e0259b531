use std::sync::Arc;

use countersign_clock::{ManualClock, Timestamp};
use countersign_rate_limit::conformance::Subject;
use countersign_sqlx::SqlLimiter;

async fn fresh() -> Subject {
    let clock = ManualClock::at(Timestamp::from_secs(1_700_000_000));
    let [one, two] =
        super::two_databases().await.map(|database| Arc::new(SqlLimiter::new(database, Arc::new(clock.clone()))));
    Subject::new(one, move |duration| clock.advance(duration)).and(two)
}

countersign_rate_limit::conformance_tests!(fresh());
