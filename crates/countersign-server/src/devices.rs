use std::{sync::Arc, time::Duration};

use countersign::{
    Generator, Randomness,
    clock::Timestamp,
    store::UserId,
    vault::{Context, LookupHash, Purpose, Vault},
};
use countersign_axum::{ClientAddress, Problem, Requester};
use countersign_sqlx::{Database, DbError, Row, Statement};

use http::header::USER_AGENT;

use crate::{device_name::DeviceName, ids::Ids, millis};

/// What accounts have been signed in on: one row for each browser and network of an account.
#[derive(Clone, Debug)]
pub(crate) struct Devices {
    database: Database,
    vault: Arc<Vault>,
    ids: Ids,
    randomness: Arc<dyn Randomness>,
}

/// One device of an account.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    /// Its id.
    pub(crate) id: String,
    /// Browser and system, as it says.
    pub(crate) name: String,
    /// The network, as a shortened address.
    pub(crate) network: String,
    /// When it first signed in.
    pub(crate) first_seen_at: Timestamp,
    /// When it last signed in.
    pub(crate) last_seen_at: Timestamp,
}

/// A sign-in on a device.
#[derive(Debug)]
pub(crate) struct Sighting {
    /// What the device is called.
    pub(crate) name: String,
    /// The network, as a shortened address.
    pub(crate) network: String,
    /// What the device is found by.
    pub(crate) fingerprint: LookupHash,
    /// The id of the device, if it is a new one.
    pub(crate) new_id: String,
    /// The address, sealed.
    pub(crate) address: String,
    /// The key that fingerprint and address need.
    pub(crate) key: String,
    /// What makes one that was noted under an older key the same device under this one; to be done first.
    pub(crate) rekeyed: Vec<Statement>,
}

/// How long a device is kept after its last sign-in: with it go its sealed address and its keyed fingerprint.
pub(crate) const FORGOTTEN_AFTER: Duration = Duration::from_secs(180 * 24 * 60 * 60);

const FINGERPRINT: Purpose = Purpose::new("countersign-server/device");

/// A device that was found under an older key is the same device under the active one.
const REKEY: &str = "UPDATE server_devices SET fingerprint = $3, key_id = $4 WHERE account = $1 AND fingerprint = $2 \
                     AND NOT EXISTS (SELECT 1 FROM server_devices WHERE account = $1 AND fingerprint = $3)";
/// Notes a device, or that it was seen again; the parameters are those of [`Sighting::bind`].
macro_rules! note_device {
    () => {
        "INSERT INTO server_devices (id, account, fingerprint, name, network, address, first_seen_at, last_seen_at, key_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8) ON CONFLICT (account, fingerprint) \
         DO UPDATE SET last_seen_at = $7, address = $6, key_id = $8"
    };
}
pub(crate) use note_device;
/// More devices than anybody has are bounded by leaving those seen last.
pub(crate) const FORGET_SURPLUS: &str = "DELETE FROM server_devices WHERE account = $1 AND id NOT IN \
     (SELECT id FROM server_devices WHERE account = $1 ORDER BY last_seen_at DESC, id DESC LIMIT 50)";
const SWEEP: &str = "DELETE FROM server_devices WHERE id IN \
                     (SELECT id FROM server_devices WHERE last_seen_at < $1 ORDER BY last_seen_at LIMIT 500)";
const OF_ACCOUNT: &str = "SELECT id, name, network, first_seen_at, last_seen_at FROM server_devices WHERE account = $1 \
                          ORDER BY last_seen_at DESC, id DESC";
const FORGET: &str = "DELETE FROM server_devices WHERE id = $1 AND account = $2";
const END_ITS_SESSIONS: &str = "DELETE FROM server_sessions WHERE device = $1 AND account = $2";
const FORGET_OTHERS: &str = "DELETE FROM server_devices WHERE account = $1 AND id <> $2";
const END_OTHER_SESSIONS: &str = "DELETE FROM server_sessions WHERE account = $1 AND device <> $2";

impl Devices {
    /// The devices in this database.
    #[must_use]
    pub(crate) const fn new(database: Database, vault: Arc<Vault>, ids: Ids, randomness: Arc<dyn Randomness>) -> Self {
        Self { database, vault, ids, randomness }
    }

    /// A sign-in on the requester's device, to be noted together with the session that it begins.
    ///
    /// # Errors
    /// 503 if the address cannot be sealed.
    pub(crate) fn sighting(&self, user: &UserId, requester: &Requester) -> Result<Sighting, Problem> {
        let user_agent = requester.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        let name = DeviceName::of(user_agent).to_string();
        let network = requester.address().map_or_else(|| "unknown".to_owned(), |address| address.network().to_string());
        let fingerprint = format!("{network}\n{}", user_agent.unwrap_or(""));
        let older = self.vault.lookup_candidates(FINGERPRINT, fingerprint.as_bytes()).into_iter().skip(1);
        let fingerprint = self.vault.lookup_hash(FINGERPRINT, fingerprint.as_bytes());
        let key = self.vault.key_ring().active_id().to_string();
        let rekeyed = older.map(|older| {
            let rekey = Statement::new(REKEY).bind(user.as_str()).bind(older.as_bytes());
            rekey.bind(fingerprint.as_bytes()).bind(key.as_str())
        });
        let rekeyed = rekeyed.collect();
        let new_id = self.ids.uuid()?.to_string();
        let address =
            requester.address().map(ClientAddress::get).map_or_else(String::new, |address| address.to_string());
        let context = Context::new(Purpose::ADDRESS, user.as_str());
        let sealed = self.vault.seal(&context, address.as_bytes(), &mut Generator(&*self.randomness));
        let address = sealed.map_err(|_| Problem::unavailable())?.to_string();
        Ok(Sighting { name, network, fingerprint, new_id, address, key, rekeyed })
    }

    /// The account's devices, the last seen first.
    ///
    /// # Errors
    /// [`DbError`].
    pub(crate) async fn of(&self, user: &UserId) -> Result<Vec<Device>, DbError> {
        self.database.fetch(OF_ACCOUNT, vec![user.as_str().into()]).await?.iter().map(device).collect()
    }

    /// Forgets a device and ends its sessions. False if there was none.
    ///
    /// # Errors
    /// [`DbError`].
    pub(crate) async fn forget(&self, user: &UserId, id: &str) -> Result<bool, DbError> {
        let forget = Statement::new(FORGET).bind(id).bind(user.as_str()).expect_rows(1);
        let end = Statement::new(END_ITS_SESSIONS).bind(id).bind(user.as_str());
        Ok(self.database.write(vec![forget, end]).await?.is_done())
    }

    /// Forgets all devices of the account but one, and ends their sessions.
    ///
    /// # Errors
    /// [`DbError`].
    pub(crate) async fn forget_others(&self, user: &UserId, keep: &str) -> Result<(), DbError> {
        let forget = Statement::new(FORGET_OTHERS).bind(user.as_str()).bind(keep);
        let end = Statement::new(END_OTHER_SESSIONS).bind(user.as_str()).bind(keep);
        self.database.write(vec![forget, end]).await.map(drop)
    }

    /// Forgets devices that nobody has signed in on for a long time, up to 500 of them, and says how many.
    ///
    /// # Errors
    /// [`DbError`].
    pub(crate) async fn sweep(&self, now: Timestamp) -> Result<u64, DbError> {
        let sweep = Statement::new(SWEEP).bind(millis(now.saturating_sub(FORGOTTEN_AFTER)));
        Ok(self.database.execute(sweep).await?.affected)
    }
}

impl Sighting {
    /// Binds the first eight parameters of a statement that [notes](note_device) this.
    #[must_use]
    pub(crate) fn bind(&self, statement: Statement, user: &UserId, now: Timestamp) -> Statement {
        statement
            .bind(self.new_id.as_str())
            .bind(user.as_str())
            .bind(self.fingerprint.as_bytes())
            .bind(self.name.as_str())
            .bind(self.network.as_str())
            .bind(self.address.as_str())
            .bind(millis(now))
            .bind(self.key.as_str())
    }
}

fn device(row: &Row) -> Result<Device, DbError> {
    Ok(Device {
        id: row.text(0)?.to_owned(),
        name: row.text(1)?.to_owned(),
        network: row.text(2)?.to_owned(),
        first_seen_at: Timestamp::from_millis(row.u64(3)?),
        last_seen_at: Timestamp::from_millis(row.u64(4)?),
    })
}
