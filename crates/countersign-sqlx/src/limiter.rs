use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use countersign_clock::Clock;
use countersign_rate_limit::{Bucket, Charge, Decision, LimitError, Quota, RateLimiter, Shape};

use crate::{Database, DbError, Engine, Outcome, Row, Statement, Written};

/// A limiter in a database: what it counts survives a restart and holds for every instance on that database.
///
/// It keeps to the wall clock, which instances share: their clocks should agree to well within a window. If a clock goes
/// back, a count stays and its window starts again.
///
/// Rows of windows that are over stay until [`sweep`](Self::sweep) is called.
#[derive(Clone, Debug)]
pub struct SqlLimiter {
    database: Database,
    clock: Arc<dyn Clock>,
}

impl SqlLimiter {
    /// The limiter in `database`, once its tables are there: see [`SqlStore::migrate`](crate::SqlStore::migrate).
    #[must_use]
    pub fn new(database: Database, clock: Arc<dyn Clock>) -> Self {
        Self { database, clock }
    }

    /// Deletes up to 500 rows of windows that are over, and says how many: call it every minute or so, again while it
    /// says 500.
    ///
    /// # Errors
    /// [`LimitError::Unavailable`], [`LimitError::NoClock`].
    pub async fn sweep(&self) -> Result<u64, LimitError> {
        Ok(self.database.execute(Statement::new(SWEEP).bind(self.now()?)).await?.affected)
    }

    fn now(&self) -> Result<i64, LimitError> {
        let now = self.clock.now().ok_or(LimitError::NoClock)?;
        i64::try_from(now.as_millis()).map_err(|_| LimitError::NoClock)
    }

    /// What `charges` would be told at `now`, without charging anything.
    async fn foresee(&self, charges: &[Charge<'_>], now: i64) -> Result<Decision, LimitError> {
        let mut buckets: Vec<(String, Bucket)> = Vec::with_capacity(charges.len());
        let mut decision = NOTHING;
        for charge in charges {
            let name = name(charge);
            let place = match buckets.iter().position(|(known, _)| *known == name) {
                Some(place) => place,
                None => {
                    let rows = self.database.fetch(LOAD, vec![name.as_str().into()]).await?;
                    buckets.push((name, rows.first().map(bucket).transpose()?.unwrap_or_default()));
                    buckets.len() - 1
                }
            };
            decision = decision.and(buckets[place].1.take(&charge.quota, charge.weight, now.unsigned_abs()));
        }
        Ok(decision)
    }
}

#[async_trait]
impl RateLimiter for SqlLimiter {
    async fn take(&self, charges: &[Charge<'_>]) -> Result<Decision, LimitError> {
        Charge::check(charges)?;
        let now = self.now()?;
        let charges = in_order(charges);
        // No row says "no" but not for how long. If room came up by the time that is looked up, it is worth another try,
        // though not for ever.
        let mut told = NOTHING;
        for _ in 0..3 {
            let takes = charges.iter().map(|charge| take(charge, now));
            // A lone charge needs no guard, and without one it needs no transaction.
            let batch =
                if charges.len() == 1 { takes.collect() } else { takes.map(|take| take.expect_rows(1)).collect() };
            if let Written::Done(outcomes) = self.database.write(batch).await?
                && outcomes.iter().all(|outcome| outcome.affected == 1)
            {
                return Ok(allowed(&charges, &outcomes, now)?);
            }
            told = self.foresee(&charges, now).await?;
            if !told.is_allowed() {
                return Ok(told);
            }
        }
        Ok(told.and(Decision::Denied { retry_after: Duration::from_millis(1) }))
    }

    async fn give_back(&self, charges: &[Charge<'_>]) -> Result<(), LimitError> {
        Charge::check(charges)?;
        let given = |statement: Statement, charge: &Charge<'_>| {
            statement.bind(name(charge)).bind(cost(&charge.quota, charge.weight))
        };
        let charges = in_order(charges);
        let batch = match (&charges[..], self.database.engine()) {
            // What is charged to an account is charged to its network too: both go back in one round trip.
            ([one, two], Engine::Postgres) if name(one) != name(two) => {
                vec![given(given(Statement::new(GIVE_TWO_BACK), one), two)]
            }
            (charges, _) => charges.iter().map(|charge| given(Statement::new(GIVE_BACK), charge)).collect(),
        };
        written(self.database.write(batch).await?)
    }

    async fn clear(&self, charges: &[Charge<'_>]) -> Result<(), LimitError> {
        Charge::check(charges)?;
        let batch = in_order(charges).iter().map(|charge| Statement::new(CLEAR).bind(name(charge))).collect();
        written(self.database.write(batch).await?)
    }
}

const NOTHING: Decision = Decision::Allowed { remaining: u32::MAX, resets_after: Duration::ZERO };

// The rules of `Bucket`, in SQL. $1 bucket, $2 now, $3 window in milliseconds, $4 limit, $5 cost.

/// From a clock that went back, or from one ahead of ours: a start that lies ahead is now.
macro_rules! since {
    () => {
        "(CASE WHEN countersign_limits.since > $2 THEN $2 ELSE countersign_limits.since END)"
    };
}

macro_rules! fixed_is_over {
    () => {
        concat!("(countersign_limits.used = 0 OR ", since!(), " + $3 <= $2)")
    };
}

const TAKE_FIXED: &str = concat!(
    "INSERT INTO countersign_limits (bucket, since, used, earlier, expires_at) VALUES ($1, $2, $5, 0, $2 + $3)
    ON CONFLICT (bucket) DO UPDATE SET earlier = 0,
        since = CASE WHEN ",
    fixed_is_over!(),
    " THEN $2 ELSE ",
    since!(),
    " END, used = CASE WHEN ",
    fixed_is_over!(),
    " THEN $5 ELSE countersign_limits.used + $5 END, expires_at = CASE WHEN ",
    fixed_is_over!(),
    " THEN $2 ELSE ",
    since!(),
    " END + $3 WHERE ",
    fixed_is_over!(),
    " OR countersign_limits.used + $5 <= $4 RETURNING since, used, earlier"
);

/// Both windows are over.
macro_rules! sliding_is_over {
    () => {
        concat!("(countersign_limits.used = 0 AND countersign_limits.earlier = 0 OR ", since!(), " + 2 * $3 <= $2)")
    };
}

/// This window is over and becomes the earlier one.
macro_rules! sliding_moves_on {
    () => {
        concat!("(", since!(), " + $3 <= $2)")
    };
}

const TAKE_SLIDING: &str = concat!(
    "INSERT INTO countersign_limits (bucket, since, used, earlier, expires_at) VALUES ($1, $2, $5, 0, $2 + 2 * $3)
    ON CONFLICT (bucket) DO UPDATE SET
        since = CASE WHEN ",
    sliding_is_over!(),
    " THEN $2 WHEN ",
    sliding_moves_on!(),
    " THEN ",
    since!(),
    " + $3 ELSE ",
    since!(),
    " END, used = CASE WHEN ",
    sliding_moves_on!(),
    " OR ",
    sliding_is_over!(),
    " THEN $5 ELSE countersign_limits.used + $5 END, earlier = CASE WHEN ",
    sliding_is_over!(),
    " THEN 0 WHEN ",
    sliding_moves_on!(),
    " THEN countersign_limits.used ELSE countersign_limits.earlier END, expires_at = CASE WHEN ",
    sliding_is_over!(),
    " THEN $2 WHEN ",
    sliding_moves_on!(),
    " THEN ",
    since!(),
    " + $3 ELSE ",
    since!(),
    " END + 2 * $3 WHERE CASE WHEN ",
    sliding_is_over!(),
    " THEN 0 WHEN ",
    sliding_moves_on!(),
    " THEN (countersign_limits.used * (2 * $3 - ($2 - ",
    since!(),
    ")) + $3 - 1) / $3 ELSE countersign_limits.used + (countersign_limits.earlier * ($3 - ($2 - ",
    since!(),
    ")) + $3 - 1) / $3 END + $5 <= $4 RETURNING since, used, earlier"
);

/// What is missing now, after the refill since it was last reckoned, with the cost.
macro_rules! tokens_missing {
    () => {
        concat!(
            "(CASE WHEN countersign_limits.used > ($2 - ",
            since!(),
            ") * $4 THEN countersign_limits.used - ($2 - ",
            since!(),
            ") * $4 ELSE 0 END + $5)"
        )
    };
}

const TAKE_TOKENS: &str = concat!(
    "INSERT INTO countersign_limits (bucket, since, used, earlier, expires_at)
    VALUES ($1, $2, $5, 0, $2 + ($5 + $4 - 1) / $4)
    ON CONFLICT (bucket) DO UPDATE SET since = $2, earlier = 0, used = ",
    tokens_missing!(),
    ", expires_at = $2 + (",
    tokens_missing!(),
    " + $4 - 1) / $4 WHERE ",
    tokens_missing!(),
    " <= $4 * $3 RETURNING since, used, earlier"
);

/// The same for all shapes: a refill that is due, or a window that is over, is reckoned later from what is left here.
macro_rules! given_back {
    ($cost:literal) => {
        concat!(
            "used = CASE WHEN used > ",
            $cost,
            " THEN used - ",
            $cost,
            " ELSE 0 END,
        earlier = CASE WHEN used >= ",
            $cost,
            " THEN earlier
            WHEN earlier > ",
            $cost,
            " - used THEN earlier - (",
            $cost,
            " - used) ELSE 0 END"
        )
    };
}

const GIVE_BACK: &str = concat!("UPDATE countersign_limits SET ", given_back!("$2"), " WHERE bucket = $1");

/// The rows are locked in the order of their names, as everywhere, before the first is changed.
const GIVE_TWO_BACK: &str = concat!(
    "WITH given AS (
        SELECT bucket AS name, CASE bucket WHEN $1 THEN CAST($2 AS BIGINT) ELSE $4 END AS cost FROM countersign_limits
        WHERE bucket IN ($1, $3) ORDER BY bucket FOR UPDATE
    )
    UPDATE countersign_limits SET ",
    given_back!("cost"),
    " FROM given WHERE bucket = name"
);

const LOAD: &str = "SELECT since, used, earlier FROM countersign_limits WHERE bucket = $1";

const CLEAR: &str = "DELETE FROM countersign_limits WHERE bucket = $1";

const SWEEP: &str = "DELETE FROM countersign_limits WHERE bucket IN
    (SELECT bucket FROM countersign_limits WHERE expires_at <= $1 ORDER BY expires_at LIMIT 500)";

fn take(charge: &Charge<'_>, now: i64) -> Statement {
    let sql = match charge.quota.counted() {
        Shape::FixedFromFirst => TAKE_FIXED,
        Shape::Sliding => TAKE_SLIDING,
        Shape::TokenBucket => TAKE_TOKENS,
    };
    Statement::new(sql)
        .bind(name(charge))
        .bind(now)
        .bind(window(&charge.quota))
        .bind(charge.quota.limit())
        .bind(cost(&charge.quota, charge.weight))
}

fn allowed(charges: &[Charge<'_>], outcomes: &[Outcome], now: i64) -> Result<Decision, DbError> {
    charges.iter().zip(outcomes).try_fold(NOTHING, |decision, (charge, outcome)| {
        let left = outcome.rows.first().map(bucket).transpose()?.unwrap_or_default();
        Ok(decision.and(left.allowed(&charge.quota, now.unsigned_abs())))
    })
}

fn bucket(row: &Row) -> Result<Bucket, DbError> {
    Ok(Bucket { since: row.u64(0)?, used: row.u64(1)?, earlier: row.u64(2)? })
}

/// Every caller locks rows in one order, or two of them could wait for each other.
fn in_order<'c>(charges: &[Charge<'c>]) -> Vec<Charge<'c>> {
    let mut charges = charges.to_vec();
    charges.sort_by_cached_key(name);
    charges
}

/// A quota's text has no bar, so the first one ends it.
fn name(charge: &Charge<'_>) -> String {
    format!("{}|{}", charge.quota, charge.key)
}

fn window(quota: &Quota) -> i64 {
    i64::try_from(quota.window_millis()).unwrap_or(i64::MAX)
}

fn cost(quota: &Quota, weight: u32) -> i64 {
    match quota.counted() {
        Shape::TokenBucket => i64::from(weight).saturating_mul(window(quota)),
        Shape::FixedFromFirst | Shape::Sliding => weight.into(),
    }
}

fn written(written: Written) -> Result<(), LimitError> {
    // These batches have no guard.
    if written.is_done() { Ok(()) } else { Err(LimitError::Unavailable("nothing was written".into())) }
}
