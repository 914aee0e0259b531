use std::{collections::BTreeMap, sync::Arc};

use countersign::{
    Generator, Randomness, TwoFactor,
    clock::Timestamp,
    store::{AuditQuery, Chain, Store as _, UserId},
    vault::{Context, KeyId, Purpose, RotationReport, Sealed, SweepProgress, Vault},
};
use countersign_sqlx::{Database, DbError, Row, SqlStore, Statement};
use serde::{Deserialize, Serialize};

use crate::{
    millis,
    run_error::RunError,
    session::{ABSOLUTE, IDLE},
};

/// The sealing anew of all that this server keeps, in steps; and what needs which key.
#[derive(Debug)]
pub(crate) struct Rotation {
    database: Database,
    vault: Arc<Vault>,
    engine: TwoFactor,
    randomness: Arc<dyn Randomness>,
}

/// How far a rotation has come. Stored after each step, so that one that was killed goes on from there.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Progress {
    users: SweepProgress,
    users_done: bool,
    devices: SweepProgress,
    devices_done: bool,
}

/// What a rotation would do, and what needs which key.
#[derive(Debug)]
pub(crate) struct Rehearsed {
    /// What would become of the sealed values.
    pub(crate) sealed: RotationReport,
    /// What needs keys, one kind after the other.
    pub(crate) needs: Vec<Need>,
}

/// One kind of things that need keys.
#[derive(Debug)]
pub(crate) struct Need {
    what: &'static str,
    by_key: BTreeMap<KeyId, u64>,
    /// How many may need any key: it was not written down which.
    any: u64,
}

/// How many users or devices a step is about.
const STEP: usize = 200;

const STORED: &str = "SELECT progress FROM server_rotation WHERE place = 1";
const STORE: &str = "INSERT INTO server_rotation (place, progress) VALUES (1, $1) \
                     ON CONFLICT (place) DO UPDATE SET progress = $1";
const DONE: &str = "DELETE FROM server_rotation";
const DEVICES: &str = "SELECT id, account, address FROM server_devices WHERE id > $1 ORDER BY id LIMIT $2";
/// Whoever signs in meanwhile has sealed the address anew already.
const RESEAL: &str = "UPDATE server_devices SET address = $2 WHERE id = $1 AND address = $3";
const OF_DEVICES: &str = "SELECT key_id, count(*) FROM server_devices GROUP BY key_id";
const OF_SESSIONS: &str = "SELECT key_id, count(*) FROM server_sessions WHERE last_seen_at >= $1 AND created_at >= $2 \
                           GROUP BY key_id";
const OF_REFRESH_TOKENS: &str = "SELECT token.key_id, count(*) FROM server_refresh_tokens AS token \
                                 JOIN server_sessions AS session ON session.id = token.session \
                                 WHERE session.last_seen_at >= $1 AND session.created_at >= $2 GROUP BY token.key_id";

impl Rotation {
    /// The rotation of what is in this database.
    #[must_use]
    pub(crate) const fn new(
        database: Database,
        vault: Arc<Vault>,
        engine: TwoFactor,
        randomness: Arc<dyn Randomness>,
    ) -> Self {
        Self { database, vault, engine, randomness }
    }

    /// The stored progress if it was on its way to the active key, else the beginning.
    ///
    /// # Errors
    /// [`DbError`].
    pub(crate) async fn resume(&self) -> Result<Progress, DbError> {
        let rows = self.database.fetch(STORED, Vec::new()).await?;
        // What cannot be read is begun anew: to seal twice does no harm.
        let stored: Option<Progress> = rows.first().and_then(|row| serde_json::from_str(row.text(0).ok()?).ok());
        let active = self.vault.key_ring().active_id();
        let fits = |stored: &Progress| stored.users.target() == active && stored.devices.target() == active;
        let start = || SweepProgress::start(&self.vault);
        let begin = || Progress { users: start(), users_done: false, devices: start(), devices_done: false };
        Ok(stored.filter(fits).unwrap_or_else(begin))
    }

    /// Goes on for one step, and stores how far it has come.
    ///
    /// # Errors
    /// When there is no answer, or nothing can be sealed. Go on from what is stored.
    pub(crate) async fn step(&self, mut progress: Progress) -> Result<Progress, RunError> {
        if progress.users_done {
            self.reseal_devices(&mut progress).await?;
        } else {
            let swept = self.engine.sweep(progress.users, STEP).await?;
            (progress.users, progress.users_done) = (swept.progress, swept.done);
        }
        let store = if progress.is_done() {
            Statement::new(DONE)
        } else {
            Statement::new(STORE).bind(serde_json::to_string(&progress).map_err(RunError::Progress)?)
        };
        self.database.execute(store).await?;
        Ok(progress)
    }

    /// What a rotation would do, and what needs which key. Writes nothing.
    ///
    /// # Errors
    /// When there is no answer.
    pub(crate) async fn rehearse(&self, now: Timestamp) -> Result<Rehearsed, RunError> {
        let (mut secrets, mut tokens, mut trail) =
            (RotationReport::new(), RotationReport::new(), RotationReport::new());
        let mut after = None;
        loop {
            let page = self.engine.rehearse_sweep(after.as_ref(), STEP).await?;
            secrets.merge(&page.secrets);
            tokens.merge(&page.tokens);
            trail.merge(&page.trail);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        self.add_trails_without_record(&mut trail).await?;
        let addresses = self.rehearse_devices().await?;
        let since = vec![millis(now.saturating_sub(IDLE)).into(), millis(now.saturating_sub(ABSOLUTE)).into()];
        let needs = vec![
            Need::sealed("secrets of second factors", &secrets),
            Need::sealed("tickets and remembered devices", &tokens),
            Need::sealed("events of audit trails", &trail),
            Need::sealed("addresses of devices", &addresses),
            Need::hashed("fingerprints of devices", &self.database.fetch(OF_DEVICES, Vec::new()).await?)?,
            Need::hashed("sessions", &self.database.fetch(OF_SESSIONS, since.clone()).await?)?,
            Need::hashed("refresh tokens", &self.database.fetch(OF_REFRESH_TOKENS, since).await?)?,
        ];
        secrets.merge(&addresses);
        Ok(Rehearsed { sealed: secrets, needs })
    }

    async fn reseal_devices(&self, progress: &mut Progress) -> Result<(), RunError> {
        let page = self.devices(progress.devices.after()).await?;
        let mut batch = Vec::new();
        for device in &page {
            let random = &mut Generator(&*self.randomness);
            let sealed = progress.devices.reseal(&self.vault, &device.context(), &device.address, random);
            if let Some(sealed) = sealed.map_err(RunError::Seal)? {
                let reseal = Statement::new(RESEAL).bind(device.id.as_str());
                batch.push(reseal.bind(sealed.to_string()).bind(device.address.to_string()));
            }
            progress.devices.finish_row(&device.id);
        }
        if !batch.is_empty() {
            let _ = self.database.write(batch).await?;
        }
        progress.devices_done = page.len() < STEP;
        Ok(())
    }

    async fn rehearse_devices(&self) -> Result<RotationReport, DbError> {
        let (mut report, mut after) = (RotationReport::new(), None);
        loop {
            let page = self.devices(after.as_deref()).await?;
            for device in &page {
                report.add(&device.address, self.vault.rehearse(&device.context(), &device.address));
            }
            if page.len() < STEP {
                return Ok(report);
            }
            after = page.into_iter().last().map(|device| device.id);
        }
    }

    async fn devices(&self, after: Option<&str>) -> Result<Vec<SealedDevice>, DbError> {
        let limit = i64::try_from(STEP).unwrap_or(i64::MAX);
        let rows = self.database.fetch(DEVICES, vec![after.unwrap_or("").into(), limit.into()]).await?;
        rows.iter().map(SealedDevice::read).collect()
    }

    /// Trails stay when their record goes, and need their keys as before.
    async fn add_trails_without_record(&self, trail: &mut RotationReport) -> Result<(), RunError> {
        let store = SqlStore::new(self.database.clone());
        let mut after = None;
        loop {
            let page = store.chains(after.as_ref(), STEP).await?;
            for chain in &page {
                let counted = match chain {
                    Chain::User(user) => store.load(user).await?.is_some(),
                    Chain::Instance(_) => false,
                };
                if !counted {
                    add_chain(&store, chain, trail).await?;
                }
            }
            match page.last() {
                Some(last) if page.len() == STEP => after = Some(last.clone()),
                _ => return Ok(()),
            }
        }
    }
}

async fn add_chain(store: &SqlStore, chain: &Chain, trail: &mut RotationReport) -> Result<(), RunError> {
    let mut last = 0;
    loop {
        let events = store.audit(&AuditQuery::oldest(chain.clone(), STEP).after(last)).await?;
        let Some(event) = events.last() else { return Ok(()) };
        last = event.sequence;
        for event in &events {
            trail.add_key(event.key_id.parse().map_err(RunError::Key)?);
        }
    }
}

impl Progress {
    /// Whether all of it is done.
    #[must_use]
    pub(crate) const fn is_done(&self) -> bool {
        self.users_done && self.devices_done
    }

    /// In one sentence.
    #[must_use]
    pub(crate) fn sentence(&self) -> String {
        let sealed = self.users.resealed().saturating_add(self.devices.resealed());
        let closed = self.users.does_not_open().saturating_add(self.devices.does_not_open());
        format!(
            "{} accounts and {} devices visited: {sealed} values sealed anew, {closed} did not open and were left alone.",
            self.users.rows(),
            self.devices.rows(),
        )
    }
}

impl Rehearsed {
    /// What needs a key, in words; `None` if nothing does.
    #[must_use]
    pub(crate) fn needed_by(&self, key: &KeyId) -> Option<String> {
        let count = |need: &Need| need.by_key.get(key).copied().unwrap_or(0).saturating_add(need.any);
        let needed = self.needs.iter().filter(|need| count(need) > 0);
        let words: Vec<String> = needed.map(|need| format!("{} {}", count(need), need.what)).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }

    /// The keys that are needed, in the ring or not.
    pub(crate) fn keys(&self) -> impl Iterator<Item = KeyId> + '_ {
        self.needs.iter().flat_map(|need| need.by_key.keys().copied())
    }
}

impl Need {
    fn sealed(what: &'static str, report: &RotationReport) -> Self {
        Self { what, by_key: report.by_key().collect(), any: 0 }
    }

    fn hashed(what: &'static str, rows: &[Row]) -> Result<Self, DbError> {
        let mut need = Self { what, by_key: BTreeMap::new(), any: 0 };
        for row in rows {
            match row.text(0)? {
                "" => need.any = row.u64(1)?,
                id => {
                    let id = id.parse().map_err(|_| DbError::Decode { column: 0, wanted: "a key id" })?;
                    need.by_key.insert(id, row.u64(1)?);
                }
            }
        }
        Ok(need)
    }
}

#[derive(Debug)]
struct SealedDevice {
    id: String,
    account: UserId,
    address: Sealed,
}

impl SealedDevice {
    fn read(row: &Row) -> Result<Self, DbError> {
        let address = row.text(2)?.parse().map_err(|_| DbError::Decode { column: 2, wanted: "a sealed address" })?;
        Ok(Self { id: row.text(0)?.to_owned(), account: crate::accounts::user_id(row, 1)?, address })
    }

    fn context(&self) -> Context<'_> {
        Context::new(Purpose::ADDRESS, self.account.as_str())
    }
}
