//! What an operator does from the command line.

mod audit;
mod import;
mod keys;
mod rotation;
mod user;

use std::{io, path::Path, sync::Arc};

use countersign::{TwoFactor, clock::SystemClock, store::UserId};

pub(crate) use self::keys::keys;
use crate::{
    accounts::{Account, Accounts},
    run_error::RunError,
    serve::House,
    settings::{DatabaseUrl, Keys, Settings},
};

/// The house, for an operator who has a terminal.
pub(crate) struct Admin<'a, W> {
    house: House,
    engine: TwoFactor,
    out: &'a mut W,
}

impl<'a, W: io::Write + Send + Sync> Admin<'a, W> {
    /// Opens the house that is there, and brings it to this version.
    ///
    /// A wrong folder is told of: an empty one made in its place would answer that there is nothing wrong in it.
    ///
    /// # Errors
    /// When there is none, or it cannot be opened.
    pub(crate) async fn open(settings: Settings, out: &'a mut W) -> Result<Self, RunError> {
        if let DatabaseUrl::Sqlite(path) = &settings.database {
            there("COUNTERSIGN_DATABASE_URL", path)?;
        }
        if let Keys::File(path) = &settings.keys {
            there("COUNTERSIGN_KEYS", path)?;
        }
        Self::make(settings, out).await
    }

    /// Opens the house as serving does: what is not there is made.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(crate) async fn make(settings: Settings, out: &'a mut W) -> Result<Self, RunError> {
        Self::of(House::open(settings, Arc::new(SystemClock::new())).await?, out)
    }

    /// The house that was opened.
    ///
    /// # Errors
    /// When the engine cannot be put together, or nobody can be told.
    pub(crate) fn of(house: House, out: &'a mut W) -> Result<Self, RunError> {
        let engine = house.engine()?;
        let mut admin = Self { house, engine, out };
        if let Some(file) = admin.house.new_key_file.clone() {
            admin.say(&format!("A new key ring was made: {}. Back it up.", file.display()))?;
        }
        Ok(admin)
    }

    /// Says that the schema is the one of this version.
    ///
    /// # Errors
    /// When nobody can be told.
    pub(crate) fn migrated(mut self) -> Result<(), RunError> {
        self.say("The database has the schema of this version.")
    }

    fn say(&mut self, line: &str) -> Result<(), RunError> {
        writeln!(self.out, "{line}").map_err(RunError::Output)
    }

    /// The account with this address or id.
    async fn account(&self, who: &str) -> Result<Account, RunError> {
        let accounts = self.accounts();
        let found = match (who.parse(), UserId::new(who)) {
            (Ok(email), _) => accounts.by_email(&email).await?,
            (Err(_), Ok(id)) => accounts.by_id(&id).await?,
            (Err(_), Err(_)) => None,
        };
        found.ok_or(RunError::NoSuchAccount)
    }

    fn accounts(&self) -> Accounts {
        Accounts::new(self.house.database.clone())
    }
}

fn there(setting: &'static str, path: &Path) -> Result<(), RunError> {
    if path.exists() { Ok(()) } else { Err(RunError::NotThere { setting, path: path.to_owned() }) }
}
