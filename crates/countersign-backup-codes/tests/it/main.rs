//! Backup codes from outside.

#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

mod burning;
mod imports;
mod passwords;
mod properties;
mod stored;
mod support;
mod vectors;
