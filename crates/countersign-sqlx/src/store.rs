use std::slice;

use async_trait::async_trait;
use countersign_clock::Timestamp;
use countersign_store::{
    AuditEvent, AuditQuery, Chain, InstanceId, Order, Record, Removed, SaveId, Saved, Store, StoreError, Stored,
    UserId, Version,
};

use crate::{
    Database, DbError, Engine, Row, Statement, Value, Written,
    schema::{MIGRATIONS, OWNER},
};

/// A store in a database, on both engines.
#[derive(Clone, Debug)]
pub struct SqlStore {
    database: Database,
}

impl SqlStore {
    /// The store in `database`, once its tables are there: see [`migrate`](Self::migrate).
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }

    /// Brings the tables of the store and the limiter up to date. Safe when several instances start at once.
    ///
    /// # Errors
    /// As [`Database::migrate`].
    pub async fn migrate(database: &Database) -> Result<(), DbError> {
        database.migrate(OWNER, MIGRATIONS).await
    }

    /// Whether `value` is what every instance on this database has agreed on for `name`: the first to ask decides it, for
    /// good. For what must not differ between instances, such as the fingerprint of the key ring; `false` is a reason not
    /// to start.
    ///
    /// # Errors
    /// As [`Database::write`].
    pub async fn agrees(&self, name: &str, value: &[u8]) -> Result<bool, DbError> {
        let propose = Statement::new(PROPOSE).bind(name).bind(value);
        self.database.execute(propose).await?;
        let rows = self.database.fetch(AGREED, vec![name.into()]).await?;
        rows.first().map_or(Ok(false), |row| Ok(row.bytes(0)? == value))
    }

    /// Compares, swaps and appends: the version that the swap gives, or `None` for a conflict. `words` are the swap alone
    /// and, where one round trip can do it all, the swap with one event, with two, and so on. Where the swap gives no row,
    /// the version is `next`.
    async fn swap(
        &self,
        words: &[&'static str],
        values: impl Fn(Statement) -> Result<Statement, StoreError>,
        next: u64,
        user: &UserId,
        events: &[AuditEvent],
    ) -> Result<Option<Version>, StoreError> {
        let chain = key(&Chain::User(user.clone()));
        let together = words.get(events.len()).filter(|_| words.len() > 1);
        let batch = match together {
            Some(words) => vec![note(values(Statement::new(words))?, &chain, events)?],
            None => {
                let mut batch = vec![values(Statement::new(words[0]))?.expect_rows(1)];
                for event in events {
                    batch.push(note(Statement::new(NOTE), &chain, slice::from_ref(event))?);
                }
                batch
            }
        };
        let Written::Done(outcomes) = self.database.write(batch).await? else { return Ok(None) };
        match outcomes.first().and_then(|outcome| outcome.rows.first()) {
            Some(row) => Ok(Some(Version::new(row.u64(0)?))),
            // The guard has seen that a row was changed.
            None if together.is_none() => Ok(Some(Version::new(next))),
            None => Ok(None),
        }
    }
}

#[async_trait]
impl Store for SqlStore {
    async fn load(&self, user: &UserId) -> Result<Option<Stored>, StoreError> {
        let rows = self.database.fetch(LOAD, vec![user.as_str().into()]).await?;
        Ok(rows.first().map(stored).transpose()?)
    }

    async fn save(
        &self,
        user: &UserId,
        expected: Option<Version>,
        record: &Record,
        events: &[AuditEvent],
    ) -> Result<Saved, StoreError> {
        record.check()?;
        AuditEvent::check(events)?;
        let (first, next) = match self.database.engine() {
            Engine::Sqlite => (FIRST_SAVE, NEXT_SAVE),
            Engine::Postgres => (FIRST_SAVE_WITH, NEXT_SAVE_WITH),
        };
        // A first save makes version 1; the parameter of a later one is the version it expects.
        let (words, version) = expected.map_or((first, 1), |version| (next, version.get()));
        let values = |statement| Ok(columns(statement, user, record)?.bind(number(version)?));
        let next = expected.map_or(1, |version| version.get().saturating_add(1));
        Ok(self.swap(words, values, next, user, events).await?.map_or(Saved::Conflict, Saved::Stored))
    }

    async fn remove(&self, user: &UserId, expected: Version, events: &[AuditEvent]) -> Result<Removed, StoreError> {
        AuditEvent::check(events)?;
        let words = match self.database.engine() {
            Engine::Sqlite => REMOVE,
            Engine::Postgres => REMOVE_WITH,
        };
        let values = |statement: Statement| Ok(statement.bind(user.as_str()).bind(number(expected.get())?));
        let removed = self.swap(words, values, expected.get().saturating_add(1), user, events).await?;
        Ok(if removed.is_some() { Removed::Done } else { Removed::Conflict })
    }

    async fn users(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<UserId>, StoreError> {
        let after = after.map_or("", UserId::as_str);
        let rows = self.database.fetch(USERS, vec![after.into(), most(limit)]).await?;
        rows.iter().map(|row| UserId::new(row.text(0)?).map_err(corrupt)).collect()
    }

    async fn audit(&self, query: &AuditQuery) -> Result<Vec<AuditEvent>, StoreError> {
        let (sql, from) = match query.order {
            Order::OldestFirst => (AUDIT_OLDEST, query.after.unwrap_or(0)),
            Order::NewestFirst => (AUDIT_NEWEST, query.after.unwrap_or(u64::MAX)),
        };
        let from = i64::try_from(from).unwrap_or(i64::MAX);
        let rows = self.database.fetch(sql, vec![key(&query.chain).into(), from.into(), most(query.limit)]).await?;
        rows.iter().map(|row| event(row).map_err(Into::into)).collect()
    }

    async fn chains(&self, after: Option<&Chain>, limit: usize) -> Result<Vec<Chain>, StoreError> {
        let after = after.map_or_else(String::new, key);
        let rows = self.database.fetch(CHAINS, vec![after.into(), most(limit)]).await?;
        rows.iter().map(|row| chain(row.text(0)?)).collect()
    }

    async fn append(&self, instance: &InstanceId, events: &[AuditEvent]) -> Result<(), StoreError> {
        AuditEvent::check(events)?;
        let chain = key(&Chain::Instance(instance.clone()));
        let notes = events.iter().map(|event| note(Statement::new(NOTE), &chain, slice::from_ref(event)));
        let batch: Vec<_> = notes.collect::<Result<_, _>>()?;
        if batch.is_empty() || self.database.write(batch).await?.is_done() {
            return Ok(());
        }
        Err(StoreError::Unknown("a batch without a guard met one".into()))
    }

    async fn prune(&self, chain: &Chain, through: u64) -> Result<u64, StoreError> {
        let through = i64::try_from(through).unwrap_or(i64::MAX);
        Ok(self.database.execute(Statement::new(PRUNE).bind(key(chain)).bind(through)).await?.affected)
    }
}

const PROPOSE: &str = "INSERT INTO countersign_agreements (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";

const AGREED: &str = "SELECT value FROM countersign_agreements WHERE name = $1";

const LOAD: &str = "SELECT version, body, save_id, enabled, locked_until, updated_at
    FROM countersign_records WHERE user_id = $1 AND body IS NOT NULL";

/// Over a removed record it goes on from its version; over a live one it changes nothing.
macro_rules! first_save {
    () => {
        "INSERT INTO countersign_records (user_id, body, save_id, enabled, locked_until, updated_at, version)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (user_id) DO UPDATE SET version = countersign_records.version + 1, body = excluded.body,
        save_id = excluded.save_id, enabled = excluded.enabled, locked_until = excluded.locked_until,
        updated_at = excluded.updated_at
    WHERE countersign_records.body IS NULL
    RETURNING version"
    };
}

macro_rules! next_save {
    () => {
        "UPDATE countersign_records
    SET version = version + 1, body = $2, save_id = $3, enabled = $4, locked_until = $5, updated_at = $6
    WHERE user_id = $1 AND version = $7 AND body IS NOT NULL"
    };
}

macro_rules! remove {
    () => {
        "UPDATE countersign_records
    SET version = version + 1, body = NULL, save_id = NULL, enabled = FALSE, locked_until = NULL
    WHERE user_id = $1 AND version = $2 AND body IS NOT NULL"
    };
}

/// PostgreSQL does the swap and its events in one statement: the events come from the row that the swap gives, or not at
/// all.
macro_rules! with_events {
    ($swap:expr, $($event:literal)+) => {
        concat!("WITH swap AS (", $swap, "), noted AS (
    INSERT INTO countersign_audit (chain, sequence, at, kind, detail, key_id, mac) ",
            with_events!(@join $($event)+), ") SELECT version FROM swap")
    };
    (@join $event:literal) => { concat!("SELECT ", $event, " FROM swap") };
    (@join $event:literal $($more:literal)+) => {
        concat!("SELECT ", $event, " FROM swap UNION ALL ", with_events!(@join $($more)+))
    };
}

const FIRST_SAVE: &[&str] = &[first_save!()];
/// Without its row, which would cost SQLite a table of its own for one number that is known: a live record's version goes
/// up by one.
const NEXT_SAVE: &[&str] = &[next_save!()];
const REMOVE: &[&str] = &[remove!()];

/// With no event, one, and two; more go into a transaction.
const FIRST_SAVE_WITH: &[&str] = &[
    first_save!(),
    with_events!(first_save!(), "$8, $9, $10, $11, $12, $13, $14"),
    with_events!(first_save!(), "$8, $9, $10, $11, $12, $13, $14" "$15, $16, $17, $18, $19, $20, $21"),
];
const NEXT_SAVE_WITH: &[&str] = &[
    concat!(next_save!(), " RETURNING version"),
    with_events!(concat!(next_save!(), " RETURNING version"), "$8, $9, $10, $11, $12, $13, $14"),
    with_events!(concat!(next_save!(), " RETURNING version"), "$8, $9, $10, $11, $12, $13, $14" "$15, $16, $17, $18, $19, $20, $21"),
];
const REMOVE_WITH: &[&str] = &[
    concat!(remove!(), " RETURNING version"),
    with_events!(concat!(remove!(), " RETURNING version"), "$3, $4, $5, $6, $7, $8, $9"),
    with_events!(concat!(remove!(), " RETURNING version"), "$3, $4, $5, $6, $7, $8, $9" "$10, $11, $12, $13, $14, $15, $16"),
];

const USERS: &str = "SELECT user_id FROM countersign_records
    WHERE user_id > $1 AND body IS NOT NULL ORDER BY user_id LIMIT $2";

const NOTE: &str = "INSERT INTO countersign_audit (chain, sequence, at, kind, detail, key_id, mac)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";

const AUDIT_OLDEST: &str = "SELECT sequence, at, kind, detail, key_id, mac FROM countersign_audit
    WHERE chain = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";

const AUDIT_NEWEST: &str = "SELECT sequence, at, kind, detail, key_id, mac FROM countersign_audit
    WHERE chain = $1 AND sequence < $2 ORDER BY sequence DESC LIMIT $3";

const CHAINS: &str = "SELECT DISTINCT chain FROM countersign_audit WHERE chain > $1 ORDER BY chain LIMIT $2";

/// In steps of 500, so that no write holds up the others.
const PRUNE: &str = "DELETE FROM countersign_audit WHERE chain = $1 AND sequence <= $2
    AND sequence < 500 + (SELECT MIN(sequence) FROM countersign_audit WHERE chain = $1)";

fn columns(statement: Statement, user: &UserId, record: &Record) -> Result<Statement, StoreError> {
    Ok(statement
        .bind(user.as_str())
        .bind(record.body.as_slice())
        .bind(record.save_id.as_bytes())
        .bind(record.enabled)
        .bind(record.locked_until.map(|at| number(at.as_millis())).transpose()?)
        .bind(number(record.updated_at.as_millis())?))
}

fn note(statement: Statement, chain: &str, events: &[AuditEvent]) -> Result<Statement, StoreError> {
    events.iter().try_fold(statement, |statement, event| {
        Ok(statement
            .bind(chain)
            .bind(number(event.sequence)?)
            .bind(number(event.at.as_millis())?)
            .bind(event.kind.as_str())
            .bind(event.detail.as_str())
            .bind(event.key_id.as_str())
            .bind(&event.mac))
    })
}

fn stored(row: &Row) -> Result<Stored, DbError> {
    let record = Record {
        body: row.bytes(1)?.to_vec(),
        save_id: SaveId::new(row.array(2)?),
        enabled: row.bool(3)?,
        locked_until: row.opt_i64(4)?.map(|_| row.u64(4)).transpose()?.map(Timestamp::from_millis),
        updated_at: Timestamp::from_millis(row.u64(5)?),
    };
    Ok(Stored { record, version: Version::new(row.u64(0)?) })
}

fn event(row: &Row) -> Result<AuditEvent, DbError> {
    Ok(AuditEvent {
        sequence: row.u64(0)?,
        at: Timestamp::from_millis(row.u64(1)?),
        kind: row.text(2)?.to_owned(),
        detail: row.text(3)?.to_owned(),
        key_id: row.text(4)?.to_owned(),
        mac: row.array(5)?,
    })
}

/// Instances sort before users, as [`Chain`] orders them.
fn key(chain: &Chain) -> String {
    match chain {
        Chain::Instance(instance) => format!("i/{instance}"),
        Chain::User(user) => format!("u/{user}"),
    }
}

fn chain(key: &str) -> Result<Chain, StoreError> {
    match key.split_once('/') {
        Some(("i", id)) => Ok(Chain::Instance(InstanceId::new(id).map_err(corrupt)?)),
        Some(("u", id)) => Ok(Chain::User(UserId::new(id).map_err(corrupt)?)),
        _ => Err(StoreError::Corrupt("a chain that belongs to nobody".into())),
    }
}

fn corrupt(error: StoreError) -> StoreError {
    StoreError::Corrupt(error.into())
}

fn number(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::Invalid("number out of range"))
}

fn most(limit: usize) -> Value {
    Value::Int(i64::try_from(limit).unwrap_or(i64::MAX))
}
