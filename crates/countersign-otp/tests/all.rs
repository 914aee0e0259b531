//! What the crate does, seen from outside.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod codes;
mod peers;
mod rfc;
mod texts;
