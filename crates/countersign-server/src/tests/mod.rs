//! The whole application as a service, on a database of its own, with a clock that is moved by hand.

mod accounts;
mod admin;
mod connections;
mod cors;
mod cross_site;
mod form;
mod keys;
mod limits;
mod matrix;
mod pages;
#[cfg(feature = "postgres")]
mod postgres;
mod retention;
mod rig;
mod rotation;
mod sessions;
mod sweep;
mod tokens;
