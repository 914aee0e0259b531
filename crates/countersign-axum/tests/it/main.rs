//! The router, called as a service, over the engine on the in-memory store and a host of three maps.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod enrolment;
mod form;
mod host;
mod limits;
mod manage;
mod phone;
mod rig;
mod second_step;
mod tiers;
mod verified;
