use crate::{DbError, Row};

/// One step of a schema, forward only, in the words of both engines.
///
/// A migration that was applied is never edited: its text is kept with it, and a difference is refused.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Its number within its set: 1, 2, 3 and so on.
    pub version: u32,
    /// What it does, for people.
    pub name: &'static str,
    /// One or more statements for SQLite.
    pub sqlite: &'static str,
    /// One or more statements for PostgreSQL.
    pub postgres: &'static str,
}

/// Where applied migrations are noted. Every set (ours, a host's) has rows of its own here.
pub(crate) const APPLIED: &str = "SELECT version, script FROM countersign_migrations WHERE owner = $1 ORDER BY version";

pub(crate) const NOTE: &str =
    "INSERT INTO countersign_migrations (owner, version, name, script) VALUES ($1, $2, $3, $4)";

/// Which of `migrations` are still to be applied, given the rows of [`APPLIED`].
///
/// # Errors
/// [`DbError::Migration`] if the numbers have a gap, an applied one reads differently, or one was applied that is not
/// known here: then a newer program has been at work, and this one must not write.
pub(crate) fn pending<'m>(
    owner: &str,
    migrations: &'m [Migration],
    applied: &[Row],
    script: impl Fn(&Migration) -> &'static str,
) -> Result<&'m [Migration], DbError> {
    let wrong = |version, reason| DbError::Migration { set: owner.to_owned(), version, reason };
    for (migration, number) in migrations.iter().zip(1..) {
        if migration.version != number {
            return Err(wrong(migration.version, "is out of order"));
        }
    }
    for (place, row) in applied.iter().enumerate() {
        let version = u32::try_from(row.i64(0)?).unwrap_or(u32::MAX);
        let Some(known) = migrations.get(place).filter(|known| known.version == version) else {
            return Err(wrong(version, "was applied by a newer program"));
        };
        if script(known) != row.text(1)? {
            return Err(wrong(version, "was changed after it had been applied"));
        }
    }
    Ok(&migrations[applied.len()..])
}
