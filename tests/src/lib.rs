//! What the end-to-end tests are made of: the real server as a process, a client that knows nothing but HTTP, and codes
//! from `oathtool`.

pub mod browser;
pub mod client;
pub mod deployment;
pub mod log;
pub mod person;
pub mod phone;
pub mod routes;
pub mod server;
pub mod services;
pub mod tls;
pub mod tour;
pub mod valgrind;
pub mod watch;
