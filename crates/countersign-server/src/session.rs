use std::time::Duration;

use countersign::{Epoch, clock::Timestamp, store::UserId};
use countersign_sqlx::{DbError, Row};

use crate::accounts::user_id;

/// How long a session lasts without being used.
pub(crate) const IDLE: Duration = Duration::from_secs(30 * 60);
/// How long a session lasts at most.
pub(crate) const ABSOLUTE: Duration = Duration::from_secs(24 * 60 * 60);

/// One session of one account. What lets its holder in is not in it.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// Its id, which opens nothing.
    pub(crate) id: String,
    /// Whose it is.
    pub(crate) user: UserId,
    /// The epoch of the account's second factor that it belongs to.
    pub(crate) epoch: Epoch,
    /// When it began.
    pub(crate) created_at: Timestamp,
    /// When its holder last authenticated.
    pub(crate) authenticated_at: Timestamp,
    /// When its holder last showed a second factor.
    pub(crate) second_factor_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub(crate) last_seen_at: Timestamp,
    /// The device it was begun on.
    pub(crate) device: String,
    /// That device's name.
    pub(crate) device_name: String,
    /// The network it was begun from, as a shortened address.
    pub(crate) network: String,
}

/// The columns that [`Session::read`] reads, in order.
macro_rules! session_columns {
    () => {
        "SELECT id, account, epoch, created_at, authenticated_at, second_factor_at, last_seen_at, device, device_name, network \
         FROM server_sessions"
    };
}
pub(crate) use session_columns;

impl Session {
    /// How its holder authenticated (RFC 8176).
    #[must_use]
    pub(crate) const fn amr(&self) -> &'static [&'static str] {
        if self.second_factor_at.is_some() { &["pwd", "otp"] } else { &["pwd"] }
    }

    /// Whether it is still good: neither idle for too long nor too old.
    #[must_use]
    pub(crate) fn holds(&self, now: Timestamp) -> bool {
        now.saturating_since(self.last_seen_at) < IDLE && now.saturating_since(self.created_at) < ABSOLUTE
    }

    pub(crate) fn read(row: &Row) -> Result<Self, DbError> {
        let at = |column| row.u64(column).map(Timestamp::from_millis);
        Ok(Self {
            id: row.text(0)?.to_owned(),
            user: user_id(row, 1)?,
            epoch: Epoch::new(row.u64(2)?),
            created_at: at(3)?,
            authenticated_at: at(4)?,
            second_factor_at: if row.opt_i64(5)?.is_some() { Some(at(5)?) } else { None },
            last_seen_at: at(6)?,
            device: row.text(7)?.to_owned(),
            device_name: row.text(8)?.to_owned(),
            network: row.text(9)?.to_owned(),
        })
    }
}
