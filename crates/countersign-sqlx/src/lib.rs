// The example on that page needs SQLite.
#![cfg_attr(feature = "sqlite", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "sqlite"), doc = "Countersign's store and rate limiter on PostgreSQL.")]
// Without an engine there is nothing here.
#![cfg(any(feature = "sqlite", feature = "postgres"))]

mod database;
mod error;
mod limiter;
mod migration;
#[cfg(feature = "postgres")]
mod postgres;
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
#[cfg(feature = "postgres")]
pub use postgres::PostgresOptions;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteOptions;
pub use statement::{Outcome, Statement, Written};
pub use store::SqlStore;
pub use value::{Row, Value};
