//! What the end-to-end tests are made of: the real server as a process, a client that knows nothing but HTTP, and codes
//! from `oathtool`.

pub mod browser;
pub mod client;
pub mod phone;
pub mod server;
pub mod tour;
pub mod valgrind;
