//! The server's own tables, beside those of the store and the limiter.

use countersign_sqlx::Migration;

/// Under this name the migrations are noted; never to be changed.
pub(crate) const OWNER: &str = "countersign-server";

/// All of them, oldest first.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "accounts, sessions, refresh tokens, devices, key ids",
        sqlite: include_str!("0001_sqlite.sql"),
        postgres: include_str!("0001_postgres.sql"),
    },
    Migration {
        version: 2,
        name: "the keys of keyed hashes, progress of a rotation",
        sqlite: include_str!("0002_sqlite.sql"),
        postgres: include_str!("0002_postgres.sql"),
    },
    Migration {
        version: 3,
        name: "indexes for the sweeps",
        sqlite: include_str!("0003_sqlite.sql"),
        postgres: include_str!("0003_postgres.sql"),
    },
];
