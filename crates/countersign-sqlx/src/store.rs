use async_trait::async_trait;
use countersign_clock::Timestamp;
use countersign_store::{
    AuditEvent, AuditQuery, Chain, InstanceId, Order, Record, Removed, SaveId, Saved, Store, StoreError, Stored,
    UserId, Version,
};

use crate::{
    Database, DbError, Row, Statement, Value, Written,
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

    async fn write(&self, batch: Vec<Statement>) -> Result<Written, StoreError> {
        Ok(self.database.write(batch).await?)
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
        let swap = match expected {
            None => columns(Statement::new(FIRST_SAVE), user, record)?,
            Some(version) => columns(Statement::new(NEXT_SAVE), user, record)?.bind(number(version.get())?),
        };
        let mut batch = vec![swap.expect_rows(1)];
        note(&mut batch, &Chain::User(user.clone()), events)?;
        match self.write(batch).await? {
            Written::Done(outcomes) => match outcomes.first().and_then(|outcome| outcome.rows.first()) {
                Some(row) => Ok(Saved::Stored(Version::new(row.u64(0)?))),
                None => Err(StoreError::Unknown("the save gave no version".into())),
            },
            Written::Guard { .. } => Ok(Saved::Conflict),
        }
    }

    async fn remove(&self, user: &UserId, expected: Version, events: &[AuditEvent]) -> Result<Removed, StoreError> {
        AuditEvent::check(events)?;
        let first = Statement::new(REMOVE).bind(user.as_str()).bind(number(expected.get())?).expect_rows(1);
        let mut batch = vec![first];
        note(&mut batch, &Chain::User(user.clone()), events)?;
        Ok(if self.write(batch).await?.is_done() { Removed::Done } else { Removed::Conflict })
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
        let mut batch = Vec::with_capacity(events.len());
        note(&mut batch, &Chain::Instance(instance.clone()), events)?;
        if batch.is_empty() || self.write(batch).await?.is_done() {
            return Ok(());
        }
        Err(StoreError::Unknown("a batch without a guard met one".into()))
    }

    async fn prune(&self, chain: &Chain, through: u64) -> Result<u64, StoreError> {
        let through = i64::try_from(through).unwrap_or(i64::MAX);
        let done = self.write(vec![Statement::new(PRUNE).bind(key(chain)).bind(through)]).await?.done();
        Ok(done.and_then(|outcomes| outcomes.first().map(|outcome| outcome.affected)).unwrap_or(0))
    }
}

const LOAD: &str = "SELECT version, body, save_id, enabled, locked_until, updated_at
    FROM countersign_records WHERE user_id = $1 AND body IS NOT NULL";

/// Over a removed record it goes on from its version; over a live one it changes nothing.
const FIRST_SAVE: &str = "INSERT INTO countersign_records
    (user_id, version, body, save_id, enabled, locked_until, updated_at)
    VALUES ($1, 1, $2, $3, $4, $5, $6)
    ON CONFLICT (user_id) DO UPDATE SET version = countersign_records.version + 1, body = excluded.body,
        save_id = excluded.save_id, enabled = excluded.enabled, locked_until = excluded.locked_until,
        updated_at = excluded.updated_at
    WHERE countersign_records.body IS NULL
    RETURNING version";

const NEXT_SAVE: &str = "UPDATE countersign_records
    SET version = version + 1, body = $2, save_id = $3, enabled = $4, locked_until = $5, updated_at = $6
    WHERE user_id = $1 AND version = $7 AND body IS NOT NULL
    RETURNING version";

const REMOVE: &str = "UPDATE countersign_records
    SET version = version + 1, body = NULL, save_id = NULL, enabled = FALSE, locked_until = NULL
    WHERE user_id = $1 AND version = $2 AND body IS NOT NULL";

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

fn note(batch: &mut Vec<Statement>, chain: &Chain, events: &[AuditEvent]) -> Result<(), StoreError> {
    let chain = key(chain);
    for event in events {
        let statement = Statement::new(NOTE)
            .bind(chain.as_str())
            .bind(number(event.sequence)?)
            .bind(number(event.at.as_millis())?)
            .bind(event.kind.as_str())
            .bind(event.detail.as_str())
            .bind(event.key_id.as_str())
            .bind(&event.mac);
        batch.push(statement);
    }
    Ok(())
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
