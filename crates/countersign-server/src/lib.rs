#![doc = include_str!("../README.md")]

mod access_token;
mod accounts;
mod admin;
mod arriving;
mod cookies;
mod core;
mod cors;
mod data_dir;
mod device_name;
mod devices;
mod email;
mod first_step;
mod greeting;
mod ids;
mod import;
mod jws;
mod keys;
mod layers;
mod listen;
mod login_limits;
mod pages;
mod password_change;
mod password_hash;
mod password_rules;
mod passwords;
mod readiness;
mod refresh_tokens;
mod retention;
mod rotation;
mod routes;
mod run;
mod run_error;
mod schema;
mod serve;
mod session;
mod sessions;
mod settings;
mod state;
mod sweeper;
#[cfg(test)]
mod tests;
#[cfg(feature = "tls")]
mod tls;

pub use import::{ImportLine, LineProblem};
pub use password_hash::HashProblem;
pub use run::run;

use countersign::clock::Timestamp;

/// A moment as the tables hold it.
fn millis(at: Timestamp) -> i64 {
    i64::try_from(at.as_millis()).unwrap_or(i64::MAX)
}
