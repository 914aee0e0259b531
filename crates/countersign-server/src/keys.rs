use std::{collections::BTreeSet, path::Path, path::PathBuf};

use countersign::{
    Generator, Randomness,
    clock::Timestamp,
    vault::{FileSource, KeyRing, KeySource, MasterKey, TextSource, VaultError},
};
use countersign_sqlx::{Database, DbError, Statement};

use crate::{
    data_dir, millis,
    run_error::RunError,
    settings::{BadSetting, Keys},
};

/// The key ring of this server, and whether its file was made just now.
#[derive(Debug)]
pub(crate) struct OpenedKeys {
    /// The ring.
    pub(crate) ring: KeyRing,
    /// The file that was made, which is to be backed up.
    pub(crate) made: Option<PathBuf>,
}

const KNOWN: &str = "SELECT key_id FROM server_keys";
const NOTE: &str = "INSERT INTO server_keys (key_id, since) VALUES ($1, $2) ON CONFLICT DO NOTHING";
const FORGET: &str = "DELETE FROM server_keys WHERE key_id = $1";

/// Opens the key ring, and notes its active key with the data that it will seal.
///
/// A ring that lacks a key which was active on this database opens nothing of what that key sealed: it is refused here,
/// not one request after another. For the same reason a missing key file is only made where no key was ever active.
///
/// # Errors
/// [`RunError::Setting`] naming the setting; otherwise when the file or the database cannot be used.
pub(crate) async fn open(
    keys: &Keys,
    database: &Database,
    randomness: &dyn Randomness,
    now: Timestamp,
) -> Result<OpenedKeys, RunError> {
    let needed = needed(database).await?;
    let (name, opened) = match keys {
        Keys::Single(text) => {
            let source = TextSource::new(SINGLE, Some(text.expose_str().to_owned()));
            (SINGLE, OpenedKeys { ring: read(SINGLE, &source)?, made: None })
        }
        Keys::File(path) if !path.exists() && needed.is_empty() => (FILE, make(path, randomness)?),
        Keys::File(path) => (FILE, OpenedKeys { ring: read(FILE, &FileSource::new(path))?, made: None }),
    };
    check_held(name, &opened.ring, needed)?;
    let active = opened.ring.active_id().to_string();
    let note = Statement::new(NOTE).bind(active.as_str()).bind(millis(now));
    let is_new = database.execute(note).await?.affected == 1;
    // Another instance with a ring of its own may have done the same meanwhile. Nothing is sealed before this was looked at.
    let checked = check_held(name, &opened.ring, self::needed(database).await?);
    if checked.is_err() && is_new {
        forget(database, &active).await?;
    }
    checked.map(|()| opened)
}

/// No longer asks for this key.
///
/// # Errors
/// [`DbError`].
pub(crate) async fn forget(database: &Database, id: &str) -> Result<(), DbError> {
    database.execute(Statement::new(FORGET).bind(id)).await.map(drop)
}

/// Looks at the key ring as far as that can be done without the database. A file that is not there is made when serving
/// begins.
///
/// # Errors
/// [`RunError::Setting`] naming the setting.
pub(crate) fn check(keys: &Keys) -> Result<(), RunError> {
    match keys {
        Keys::Single(text) => read(SINGLE, &TextSource::new(SINGLE, Some(text.expose_str().to_owned()))).map(drop),
        Keys::File(path) if path.exists() => read(FILE, &FileSource::new(path)).map(drop),
        Keys::File(_) => Ok(()),
    }
}

/// The keys that were active on this database.
async fn needed(database: &Database) -> Result<BTreeSet<String>, RunError> {
    let rows = database.fetch(KNOWN, Vec::new()).await?;
    Ok(rows.iter().map(|row| row.text(0).map(str::to_owned)).collect::<Result<_, _>>()?)
}

fn check_held(name: &'static str, ring: &KeyRing, needed: BTreeSet<String>) -> Result<(), RunError> {
    let held: BTreeSet<String> = ring.ids().map(|id| id.to_string()).collect();
    match needed.difference(&held).next() {
        None => Ok(()),
        Some(missing) => {
            let told = format!("lacks the key {missing}, under which the database holds sealed values");
            Err(BadSetting::new(name, told).into())
        }
    }
}

const FILE: &str = "COUNTERSIGN_KEYS";
const SINGLE: &str = "TOTP_ENCRYPTION_KEY";

fn read(name: &'static str, source: &dyn KeySource) -> Result<KeyRing, RunError> {
    source.key_ring().map_err(|error| {
        let cause = std::error::Error::source(&error).map_or_else(String::new, |cause| format!(" ({cause})"));
        BadSetting::new(name, format!("gives no key ring: {error}{cause}")).into()
    })
}

fn make(path: &Path, randomness: &dyn Randomness) -> Result<OpenedKeys, RunError> {
    let key = MasterKey::generate(&mut Generator(randomness)).map_err(|error: VaultError| RunError::Key(error))?;
    let ring = KeyRing::new(key);
    data_dir::write_new(path, ring.to_text().expose_str().as_bytes())
        .map_err(|source| RunError::file(FILE, path, source))?;
    Ok(OpenedKeys { ring, made: Some(path.to_owned()) })
}
