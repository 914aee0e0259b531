use crate::Migration;

/// The schema of [`SqlStore`](crate::SqlStore) and [`SqlLimiter`](crate::SqlLimiter).
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "records, audit, limits",
        sqlite: include_str!("../migrations/sqlite/1_records_audit_limits.sql"),
        postgres: include_str!("../migrations/postgres/1_records_audit_limits.sql"),
    },
    Migration {
        version: 2,
        name: "agreements",
        sqlite: include_str!("../migrations/sqlite/2_agreements.sql"),
        postgres: include_str!("../migrations/postgres/2_agreements.sql"),
    },
];

/// The name of our own set of migrations.
pub(crate) const OWNER: &str = "countersign";
