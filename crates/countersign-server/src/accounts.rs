use countersign::{
    History,
    clock::Timestamp,
    store::{StoreError, UserId},
};
use countersign_sqlx::{Database, DbError, Row, Statement};

use crate::{email::EmailAddress, millis};

/// The accounts of this server.
#[derive(Clone, Debug)]
pub(crate) struct Accounts {
    database: Database,
}

/// One account.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    /// Its id, which never changes and never comes again.
    pub(crate) id: UserId,
    /// The address it signs in with, in its one form.
    pub(crate) email: String,
    /// The PHC string of its password.
    pub(crate) password: String,
    /// Whether it ever had a second factor.
    pub(crate) history: History,
    /// When it last signed in.
    pub(crate) last_login_at: Option<Timestamp>,
}

/// What became of a new account.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Created {
    /// It is there.
    Done,
    /// There is one with this address already.
    Exists,
}

const BY_EMAIL: &str = "SELECT id, email, password, enrolled, last_login_at FROM server_accounts WHERE email = $1";
const BY_ID: &str = "SELECT id, email, password, enrolled, last_login_at FROM server_accounts WHERE id = $1";
const CREATE: &str = "INSERT INTO server_accounts (id, email, password, enrolled, created_at) VALUES ($1, $2, $3, $4, $5) \
                      ON CONFLICT DO NOTHING";
const SET_PASSWORD: &str = "UPDATE server_accounts SET password = $2 WHERE id = $1 AND password = $3";
const SET_ENROLLED: &str = "UPDATE server_accounts SET enrolled = $2 WHERE id = $1";

impl Accounts {
    /// The accounts in this database.
    #[must_use]
    pub(crate) const fn new(database: Database) -> Self {
        Self { database }
    }

    /// The account that signs in with this address.
    ///
    /// # Errors
    /// [`DbError`].
    pub(crate) async fn by_email(&self, email: &EmailAddress) -> Result<Option<Account>, DbError> {
        first(self.database.fetch(BY_EMAIL, vec![email.as_str().into()]).await?)
    }

    /// The account with this id.
    ///
    /// # Errors
    /// [`DbError`].
    pub(crate) async fn by_id(&self, id: &UserId) -> Result<Option<Account>, DbError> {
        first(self.database.fetch(BY_ID, vec![id.as_str().into()]).await?)
    }

    /// Makes an account with the PHC string of its password, unless there is one with this address.
    ///
    /// # Errors
    /// [`DbError`].
    pub(crate) async fn create(
        &self,
        id: &UserId,
        email: &EmailAddress,
        password: String,
        history: History,
        now: Timestamp,
    ) -> Result<Created, DbError> {
        let create = Statement::new(CREATE)
            .bind(id.as_str())
            .bind(email.as_str())
            .bind(password)
            .bind(history == History::Enrolled)
            .bind(millis(now));
        Ok(match self.database.execute(create).await?.affected {
            0 => Created::Exists,
            _ => Created::Done,
        })
    }

    /// Puts `new` in the place of the PHC string `old`, and does what is to be done with it, all of it or nothing; false
    /// if it was another one by now.
    ///
    /// # Errors
    /// [`DbError`].
    pub(crate) async fn set_password(
        &self,
        id: &UserId,
        old: &str,
        new: &str,
        with_it: Vec<Statement>,
    ) -> Result<bool, DbError> {
        let set = Statement::new(SET_PASSWORD).bind(id.as_str()).bind(new).bind(old).expect_rows(1);
        Ok(self.database.write([set].into_iter().chain(with_it).collect()).await?.is_done())
    }

    /// Remembers whether the account ever had a second factor.
    ///
    /// # Errors
    /// [`DbError`].
    pub(crate) async fn set_history(&self, id: &UserId, history: History) -> Result<bool, DbError> {
        let set = Statement::new(SET_ENROLLED).bind(id.as_str()).bind(history == History::Enrolled);
        Ok(self.database.execute(set).await?.affected == 1)
    }
}

fn first(rows: Vec<Row>) -> Result<Option<Account>, DbError> {
    rows.first().map(account).transpose()
}

fn account(row: &Row) -> Result<Account, DbError> {
    Ok(Account {
        id: user_id(row, 0)?,
        email: row.text(1)?.to_owned(),
        password: row.text(2)?.to_owned(),
        history: if row.bool(3)? { History::Enrolled } else { History::Never },
        last_login_at: row.opt_i64(4)?.map(|at| Timestamp::from_millis(u64::try_from(at).unwrap_or_default())),
    })
}

/// The account id in a column.
pub(crate) fn user_id(row: &Row, column: usize) -> Result<UserId, DbError> {
    UserId::new(row.text(column)?).map_err(|_: StoreError| DbError::Decode { column, wanted: "an account id" })
}
