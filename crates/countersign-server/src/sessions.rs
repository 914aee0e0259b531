mod begin;

use std::{sync::Arc, time::Duration};

pub(crate) use begin::NewSession;
use begin::{Begun, COOKIE, END};
use countersign::{Epoch, clock::Timestamp, store::UserId, vault::Vault};
use countersign_sqlx::{Database, DbError, Statement, Written};

use crate::{
    devices::FORGET_SURPLUS,
    millis,
    session::{ABSOLUTE, IDLE, Session, session_columns},
};

/// The sessions of this server, found by keyed hashes of what their holders present.
#[derive(Clone, Debug)]
pub(crate) struct Sessions {
    database: Database,
    vault: Arc<Vault>,
}

/// What became of a new session.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Began {
    /// It has begun, on a device that the account was seen on before or on its first one.
    OnKnownDevice,
    /// It has begun, on a device that is new to the account.
    OnNewDevice,
    /// It has not begun: the account's password is another one by now.
    OtherPassword,
}

/// How often the last use of a session is written down, at most.
const SEEN_EVERY: Duration = Duration::from_secs(60);

const END_OLDER_EPOCHS: &str = "DELETE FROM server_sessions WHERE account = $1 AND epoch < $2";
/// More sessions than anybody has are bounded by leaving the newest.
const END_SURPLUS: &str = "DELETE FROM server_sessions WHERE account = $1 AND id NOT IN \
                           (SELECT id FROM server_sessions WHERE account = $1 ORDER BY created_at DESC, id DESC LIMIT 50)";
const BY_COOKIE: &str = concat!(session_columns!(), " WHERE token = $1");
const BY_ID: &str = concat!(session_columns!(), " WHERE id = $1");
const OF_ACCOUNT: &str = concat!(session_columns!(), " WHERE account = $1 ORDER BY last_seen_at DESC, id DESC");
const SEEN: &str = "UPDATE server_sessions SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2";
const RAISE: &str =
    "UPDATE server_sessions SET second_factor_at = $2, authenticated_at = $2, token = $3, key_id = $4 WHERE id = $1";
const MOVE: &str = "UPDATE server_sessions SET epoch = $3 WHERE id = $1 AND account = $2 AND epoch <= $3";
const END_FAMILY: &str = "DELETE FROM server_sessions WHERE id = $1";
const END_OTHERS: &str = "DELETE FROM server_sessions WHERE account = $1 AND id <> $2";
const SWEEP: &str = "DELETE FROM server_sessions WHERE id IN \
                     (SELECT id FROM server_sessions WHERE last_seen_at < $1 OR created_at < $2 ORDER BY id LIMIT 500)";

impl Sessions {
    /// The sessions in this database.
    #[must_use]
    pub(crate) const fn new(database: Database, vault: Arc<Vault>) -> Self {
        Self { database, vault }
    }

    /// Begins a session, and ends those of earlier epochs.
    ///
    /// # Errors
    /// [`DbError`].
    pub(crate) async fn begin(&self, new: NewSession<'_>, now: Timestamp) -> Result<Began, DbError> {
        let batch = new.batch(self.database.engine(), &self.vault, now);
        let begun = match self.database.write(batch).await? {
            Written::Guard { index: 0, .. } if new.password.is_some() => return Ok(Began::OtherPassword),
            written => Begun::read(&written.done().unwrap_or_default())?,
        };
        if begun.is_cluttered {
            self.tidy(new.user.as_str(), new.epoch).await?;
        }
        // An account's first device is no news.
        let is_new = begun.was_used && begun.device == new.sighting.new_id;
        Ok(if is_new { Began::OnNewDevice } else { Began::OnKnownDevice })
    }

    /// Ends the account's sessions of earlier epochs, which no longer hold, and leaves the newest of its sessions and
    /// devices.
    async fn tidy(&self, user: &str, epoch: Epoch) -> Result<(), DbError> {
        let older = Statement::new(END_OLDER_EPOCHS).bind(user).bind(number(epoch));
        let surplus = [END_SURPLUS, FORGET_SURPLUS].map(|sql| Statement::new(sql).bind(user));
        self.database.write([older].into_iter().chain(surplus).collect()).await.map(drop)
    }

    /// The session with this cookie, if it still holds. It counts as used now.
    ///
    /// # Errors
    /// [`DbError`].
    pub(crate) async fn by_cookie(&self, cookie: &str, now: Timestamp) -> Result<Option<Session>, DbError> {
        for hash in self.vault.lookup_candidates(COOKIE, cookie.as_bytes()) {
            let rows = self.database.fetch(BY_COOKIE, vec![hash.as_bytes().into()]).await?;
            if let Some(row) = rows.first() {
                return self.used(Session::read(row)?, now).await;
            }
        }
        Ok(None)
    }

    /// The session with this id, if it still holds. It counts as used now.
    ///
    /// # Errors
    /// [`DbError`].
    pub(crate) async fn by_id(&self, id: &str, now: Timestamp) -> Result<Option<Session>, DbError> {
        match self.database.fetch(BY_ID, vec![id.into()]).await?.first() {
            Some(row) => self.used(Session::read(row)?, now).await,
            None => Ok(None),
        }
    }

    /// The account's sessions that still hold, the last used first.
    ///
    /// # Errors
    /// [`DbError`].
    pub(crate) async fn of(&self, user: &UserId, now: Timestamp) -> Result<Vec<Session>, DbError> {
        let rows = self.database.fetch(OF_ACCOUNT, vec![user.as_str().into()]).await?;
        let sessions: Result<Vec<_>, _> = rows.iter().map(Session::read).collect();
        Ok(sessions?.into_iter().filter(|session| session.holds(now)).collect())
    }

    /// Notes that a second factor was shown in a session, which gets a new cookie.
    ///
    /// # Errors
    /// [`DbError`].
    pub(crate) async fn raise(&self, id: &str, at: Timestamp, cookie: &str) -> Result<(), DbError> {
        let hash = self.vault.lookup_hash(COOKIE, cookie.as_bytes());
        let raise = Statement::new(RAISE).bind(id).bind(millis(at)).bind(hash.as_bytes()).bind(self.key());
        self.database.execute(raise).await.map(drop)
    }

    /// Moves one session to an epoch and ends all others of the account.
    ///
    /// # Errors
    /// [`DbError`].
    pub(crate) async fn keep_only(&self, user: &UserId, id: &str, epoch: Epoch) -> Result<(), DbError> {
        let keep = Statement::new(MOVE).bind(id).bind(user.as_str()).bind(number(epoch));
        let _ = self.database.write(vec![keep, ending_others(user, id)]).await?;
        tracing::info!(event = "other_sessions_ended", %user, kept = id, "session");
        Ok(())
    }

    /// Ends all sessions of the account but one.
    ///
    /// # Errors
    /// [`DbError`].
    pub(crate) async fn end_others(&self, user: &UserId, keep: &str) -> Result<(), DbError> {
        self.database.execute(ending_others(user, keep)).await?;
        tracing::info!(event = "other_sessions_ended", %user, kept = keep, "session");
        Ok(())
    }

    /// Ends one session of the account, and its refresh tokens with it. False if there was none.
    ///
    /// # Errors
    /// [`DbError`].
    pub(crate) async fn end(&self, user: &UserId, id: &str) -> Result<bool, DbError> {
        let end = Statement::new(END).bind(id).bind(user.as_str());
        let ended = self.database.execute(end).await?.affected == 1;
        if ended {
            tracing::info!(event = "session_ended", %user, session = id, "session");
        }
        Ok(ended)
    }

    /// Ends the session that a refresh token belonged to, whosever it is.
    ///
    /// # Errors
    /// [`DbError`].
    pub(crate) async fn end_family(&self, id: &str) -> Result<(), DbError> {
        self.database.execute(Statement::new(END_FAMILY).bind(id)).await.map(drop)
    }

    /// Deletes sessions that no longer hold, up to 500 of them, and says how many.
    ///
    /// # Errors
    /// [`DbError`].
    pub(crate) async fn sweep(&self, now: Timestamp) -> Result<u64, DbError> {
        let sweep =
            Statement::new(SWEEP).bind(millis(now.saturating_sub(IDLE))).bind(millis(now.saturating_sub(ABSOLUTE)));
        Ok(self.database.execute(sweep).await?.affected)
    }

    /// The key that the hashes made now need.
    fn key(&self) -> String {
        self.vault.key_ring().active_id().to_string()
    }

    async fn used(&self, session: Session, now: Timestamp) -> Result<Option<Session>, DbError> {
        if !session.holds(now) {
            return Ok(None);
        }
        if now.saturating_since(session.last_seen_at) >= SEEN_EVERY {
            let seen = Statement::new(SEEN).bind(session.id.as_str()).bind(millis(now));
            self.database.execute(seen).await?;
        }
        Ok(Some(session))
    }
}

/// The statement that ends all sessions of the account but one.
pub(crate) fn ending_others(user: &UserId, keep: &str) -> Statement {
    Statement::new(END_OTHERS).bind(user.as_str()).bind(keep)
}

fn number(epoch: Epoch) -> i64 {
    i64::try_from(epoch.get()).unwrap_or(i64::MAX)
}
