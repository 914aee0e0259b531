use countersign::{
    Epoch,
    clock::Timestamp,
    store::UserId,
    vault::{Purpose, Vault},
};
use countersign_sqlx::{DbError, Engine, Outcome, Statement};

use crate::{
    devices::{Sighting, note_device},
    millis, refresh_tokens,
    sessions::number,
};

/// What a new session begins with.
#[derive(Debug)]
pub(crate) struct NewSession<'a> {
    /// Its id.
    pub(crate) id: &'a str,
    /// What its cookie holds.
    pub(crate) cookie: &'a str,
    /// Its first refresh token.
    pub(crate) refresh_token: &'a str,
    /// Whose it is.
    pub(crate) user: &'a UserId,
    /// The epoch of the account's second factor.
    pub(crate) epoch: Epoch,
    /// When a second factor was shown for it.
    pub(crate) second_factor_at: Option<Timestamp>,
    /// The stored hash that the account must still have, where the session begins on the password's word alone.
    pub(crate) password: Option<&'a str>,
    /// The device it is begun on.
    pub(crate) sighting: Sighting,
    /// A session that ends where this one begins.
    pub(crate) replaces: Option<&'a str>,
}

/// What there was to know when a session began. Mostly there is nothing to tidy up, and to look costs less than to delete
/// nothing.
#[derive(Debug)]
pub(super) struct Begun {
    /// Whether the account had been signed in to before.
    pub(super) was_used: bool,
    /// The id of the device.
    pub(super) device: String,
    /// Whether there are sessions of earlier epochs, or more sessions or devices than are kept.
    pub(super) is_cluttered: bool,
}

pub(super) const COOKIE: Purpose = Purpose::new("countersign-server/session-cookie");

/// Whoever changes the password writes to the same row, so one of the two comes first: either the session is there to be
/// ended, or it does not begin.
const IS_STILL: &str = "UPDATE server_accounts SET password = password WHERE id = $1 AND password = $2";
const NOTE_DEVICE: &str = note_device!();
pub(super) const END: &str = "DELETE FROM server_sessions WHERE id = $1 AND account = $2";
const BEGIN: &str = "INSERT INTO server_sessions (id, account, token, epoch, created_at, authenticated_at, second_factor_at, \
                     last_seen_at, device, device_name, network, key_id) VALUES ($1, $2, $3, $4, $5, $5, $6, $5, \
                     (SELECT id FROM server_devices WHERE account = $2 AND fingerprint = $7), $8, $9, $10)";
const LOGGED_IN: &str = "UPDATE server_accounts SET last_login_at = $2 WHERE id = $1";
const LOOK: &str = "SELECT last_login_at IS NOT NULL, \
                    (SELECT id FROM server_devices WHERE account = $1 AND fingerprint = $3), \
                    EXISTS (SELECT 1 FROM server_sessions WHERE account = $1 AND epoch < $2) \
                    OR (SELECT COUNT(*) FROM server_sessions WHERE account = $1) > 50 \
                    OR (SELECT COUNT(*) FROM server_devices WHERE account = $1) > 50 \
                    FROM server_accounts WHERE id = $1";

/// All of it for PostgreSQL, where each statement is a round trip: one statement is a transaction by itself, and needs no
/// guard, since an account that is gone or a token that is there already fails the whole of it.
///
/// Every part sees the tables as they were when the statement began. So it finds the last sign-in before this one, and
/// what is counted is without the session, and without the device if that is new. Foreign keys are looked at in the end.
const BEGIN_AT_ONCE: &str = concat!(
    "WITH seen AS (",
    note_device!(),
    " RETURNING id), \
     ended AS (DELETE FROM server_sessions WHERE id = $13 AND account = $2), \
     begun AS (INSERT INTO server_sessions (id, account, token, epoch, created_at, authenticated_at, second_factor_at, \
     last_seen_at, device, device_name, network, key_id) \
     SELECT $9, $2, $10, $11, $7, $7, CAST($12 AS BIGINT), $7, id, $4, $5, $8 FROM seen RETURNING device), \
     refreshed_by AS (INSERT INTO server_refresh_tokens (hash, session, key_id) VALUES ($14, $9, $8)), \
     logged_in AS (UPDATE server_accounts SET last_login_at = $7 WHERE id = $2) \
     SELECT last_login_at IS NOT NULL, device, \
     EXISTS (SELECT 1 FROM server_sessions WHERE account = $2 AND epoch < $11) \
     OR (SELECT COUNT(*) FROM server_sessions WHERE account = $2) >= 50 \
     OR (SELECT COUNT(*) FROM server_devices WHERE account = $2 AND id <> device) >= 50 \
     FROM server_accounts, begun WHERE server_accounts.id = $2"
);

impl NewSession<'_> {
    /// What writes it down, as one transaction. One of the statements gives a row, for [`Begun::read`]. If there is a
    /// password, the first one is its guard.
    pub(super) fn batch(&self, engine: Engine, vault: &Vault, now: Timestamp) -> Vec<Statement> {
        let is_still = |hash| Statement::new(IS_STILL).bind(self.user.as_str()).bind(hash).expect_rows(1);
        let mut batch: Vec<Statement> = self.password.map(is_still).into_iter().collect();
        batch.extend(self.sighting.rekeyed.iter().cloned());
        match engine {
            Engine::Sqlite => batch.extend(self.one_by_one(vault, now)),
            Engine::Postgres => batch.push(self.at_once(vault, now)),
        }
        batch
    }

    fn one_by_one(&self, vault: &Vault, now: Timestamp) -> impl Iterator<Item = Statement> {
        let (user, sighting) = (self.user.as_str(), &self.sighting);
        let note = sighting.bind(Statement::new(NOTE_DEVICE), self.user, now);
        let end = self.replaces.map(|id| Statement::new(END).bind(id).bind(user));
        let begin = Statement::new(BEGIN)
            .bind(self.id)
            .bind(user)
            .bind(vault.lookup_hash(COOKIE, self.cookie.as_bytes()).as_bytes())
            .bind(number(self.epoch))
            .bind(millis(now))
            .bind(self.second_factor_at.map(millis))
            .bind(sighting.fingerprint.as_bytes())
            .bind(sighting.name.as_str())
            .bind(sighting.network.as_str())
            .bind(sighting.key.as_str())
            .expect_rows(1);
        let refreshed_by = refresh_tokens::insert(vault, self.refresh_token, self.id);
        let look = Statement::new(LOOK).bind(user).bind(number(self.epoch)).bind(sighting.fingerprint.as_bytes());
        let logged_in = Statement::new(LOGGED_IN).bind(user).bind(millis(now));
        [note].into_iter().chain(end).chain([begin, refreshed_by, look.expect_rows(1), logged_in])
    }

    fn at_once(&self, vault: &Vault, now: Timestamp) -> Statement {
        self.sighting
            .bind(Statement::new(BEGIN_AT_ONCE), self.user, now)
            .bind(self.id)
            .bind(vault.lookup_hash(COOKIE, self.cookie.as_bytes()).as_bytes())
            .bind(number(self.epoch))
            .bind(self.second_factor_at.map(millis))
            .bind(self.replaces)
            .bind(refresh_tokens::hash(vault, self.refresh_token).as_bytes())
    }
}

impl Begun {
    /// What the batch of a new session has found.
    ///
    /// # Errors
    /// [`DbError`] if it has found nothing.
    pub(super) fn read(outcomes: &[Outcome]) -> Result<Self, DbError> {
        let row = outcomes.iter().find_map(|outcome| outcome.rows.first());
        let row = row.ok_or_else(|| DbError::Unavailable("the session was not written".into()))?;
        Ok(Self { was_used: row.bool(0)?, device: row.text(1)?.to_owned(), is_cluttered: row.bool(2)? })
    }
}
