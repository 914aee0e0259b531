//! The engine, held from outside as a host holds it: on the in-memory store, with codes from another program's generator.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod attacks;
mod audit;
mod backend;
mod budget;
mod enrolment;
mod failure;
mod faulty;
mod hotp;
mod import;
mod manage;
mod phone;
mod races;
mod recovery;
mod rig;
mod rotation;
mod sign_in;
mod told;
