use std::{sync::Arc, time::Duration};

use base64ct::{Base64UrlUnpadded, Encoding};
use countersign::{
    clock::Timestamp,
    vault::{LookupHash, Purpose, Vault},
};
use countersign_sqlx::{Database, DbError, Engine, Statement};
use zeroize::Zeroizing;

use crate::millis;

/// Refresh tokens: each is good once, and gives its successor. Those of one session are a family.
///
/// A successor is derived from its token with a key of the vault and stored only as a keyed hash, so whoever lost the
/// answer may ask again and gets the same one; nobody can compute it from the token alone.
#[derive(Clone, Debug)]
pub(crate) struct RefreshTokens {
    database: Database,
    vault: Arc<Vault>,
}

/// What became of a refresh token.
#[must_use]
#[derive(Debug)]
pub(crate) enum Refreshed {
    /// It was good: here is its successor.
    Successor {
        /// The session it belongs to.
        session: String,
        /// The successor.
        token: Zeroizing<String>,
    },
    /// It had been spent before: somebody holds a copy. The family is to be ended.
    Reused {
        /// The session it belongs to.
        session: String,
    },
    /// There is no such token, or its session is over.
    Unknown,
}

/// How long a spent token still gives its successor, as long as that is unused.
const GRACE: Duration = Duration::from_secs(10);

const HASH: Purpose = Purpose::new("countersign-server/refresh-token");
const SUCCESSOR: Purpose = Purpose::new("countersign-server/refresh-successor");

const FIND: &str = "SELECT session, spent_at FROM server_refresh_tokens WHERE hash = $1";
const SPEND: &str = "UPDATE server_refresh_tokens SET spent_at = $2 WHERE hash = $1 AND spent_at IS NULL";
/// Both for PostgreSQL, in one round trip: the successor comes from the row that is spent, or not at all.
const SPEND_AT_ONCE: &str = "WITH spent AS (UPDATE server_refresh_tokens SET spent_at = $2 \
                             WHERE hash = $1 AND spent_at IS NULL RETURNING session) \
                             INSERT INTO server_refresh_tokens (hash, session, key_id) \
                             SELECT $3, session, $4 FROM spent RETURNING session";
const INSERT: &str = "INSERT INTO server_refresh_tokens (hash, session, key_id) VALUES ($1, $2, $3)";

impl RefreshTokens {
    /// The refresh tokens in this database.
    #[must_use]
    pub(crate) const fn new(database: Database, vault: Arc<Vault>) -> Self {
        Self { database, vault }
    }

    /// Spends a token.
    ///
    /// # Errors
    /// [`DbError`].
    pub(crate) async fn spend(&self, token: &str, now: Timestamp) -> Result<Refreshed, DbError> {
        let successor = self.successor(token);
        let spent = match self.database.engine() {
            Engine::Sqlite => self.spend_found(token, &successor, now).await?,
            Engine::Postgres => self.spend_at_once(token, &successor, now).await?,
        };
        if let Some(session) = spent {
            return Ok(Refreshed::Successor { session, token: successor });
        }
        // Spent before, or by somebody else just now.
        let Some(found) = self.find(token).await? else { return Ok(Refreshed::Unknown) };
        let recent = found.spent_at.is_some_and(|at| now.saturating_since(at) <= GRACE);
        let unused = self.find(&successor).await?.is_some_and(|successor| successor.spent_at.is_none());
        Ok(if recent && unused {
            Refreshed::Successor { session: found.session, token: successor }
        } else {
            Refreshed::Reused { session: found.session }
        })
    }

    /// Spends a token that is good: the session it belongs to. A read first, so that what is no token costs no write.
    async fn spend_found(&self, token: &str, successor: &str, now: Timestamp) -> Result<Option<String>, DbError> {
        let Some(found) = self.find(token).await?.filter(|found| found.spent_at.is_none()) else { return Ok(None) };
        let spend = Statement::new(SPEND).bind(found.hash.as_bytes()).bind(millis(now)).expect_rows(1);
        let insert = insert(&self.vault, successor, &found.session);
        Ok(self.database.write(vec![spend, insert]).await?.is_done().then_some(found.session))
    }

    /// The same in one statement for each key that may have hashed it.
    async fn spend_at_once(&self, token: &str, successor: &str, now: Timestamp) -> Result<Option<String>, DbError> {
        for candidate in self.vault.lookup_candidates(HASH, token.as_bytes()) {
            let spend = Statement::new(SPEND_AT_ONCE).bind(candidate.as_bytes()).bind(millis(now));
            let spend = spend.bind(hash(&self.vault, successor).as_bytes()).bind(active(&self.vault));
            if let Some(row) = self.database.execute(spend).await?.rows.first() {
                return Ok(Some(row.text(0)?.to_owned()));
            }
        }
        Ok(None)
    }

    async fn find(&self, token: &str) -> Result<Option<Found>, DbError> {
        for hash in self.vault.lookup_candidates(HASH, token.as_bytes()) {
            if let Some(row) = self.database.fetch(FIND, vec![hash.as_bytes().into()]).await?.first() {
                let spent_at = match row.opt_i64(1)? {
                    Some(_) => Some(Timestamp::from_millis(row.u64(1)?)),
                    None => None,
                };
                return Ok(Some(Found { hash, session: row.text(0)?.to_owned(), spent_at }));
            }
        }
        Ok(None)
    }

    fn successor(&self, token: &str) -> Zeroizing<String> {
        let (_, mac) = self.vault.authenticate(SUCCESSOR, &[token.as_bytes()]);
        Zeroizing::new(Base64UrlUnpadded::encode_string(&*Zeroizing::new(mac)))
    }
}

/// The statement that stores a token of a session.
pub(crate) fn insert(vault: &Vault, token: &str, session: &str) -> Statement {
    Statement::new(INSERT).bind(hash(vault, token).as_bytes()).bind(session).bind(active(vault)).expect_rows(1)
}

/// What a token is stored as.
pub(crate) fn hash(vault: &Vault, token: &str) -> LookupHash {
    vault.lookup_hash(HASH, token.as_bytes())
}

/// The key that hashes made now need.
fn active(vault: &Vault) -> String {
    vault.key_ring().active_id().to_string()
}

#[derive(Debug)]
struct Found {
    hash: LookupHash,
    session: String,
    spent_at: Option<Timestamp>,
}
