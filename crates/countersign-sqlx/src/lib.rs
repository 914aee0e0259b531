// The example on that page needs SQLite.
#![cfg_attr(feature = "sqlite", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "sqlite"), doc = "Countersign's store and rate limiter on PostgreSQL.")]

#[cfg(not(any(feature = "sqlite", feature = "postgres")))]
compile_error!("countersign-sqlx needs an engine: the feature `sqlite` or `postgres`");

mod database;
mod error;
mod limiter;
mod migration;
mod schema;
#[cfg(feature = "sqlite")]
mod sqlite;
mod statement;
mod store;
mod value;

pub use database::{Database, Engine};
pub use error::DbError;
pub use limiter::SqlLimiter;
pub use migration::Migration;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteOptions;
pub use statement::{Outcome, Statement, Written};
pub use store::SqlStore;
pub use value::{Row, Value};
