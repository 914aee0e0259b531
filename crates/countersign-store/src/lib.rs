#![doc = include_str!("../README.md")]

mod audit;
#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod memory;
mod record;
mod store;
mod user_id;

pub use audit::{AuditEvent, AuditQuery, Chain, InstanceId, Order};
pub use error::StoreError;
pub use memory::MemoryStore;
pub use record::{Record, SaveId, Stored, Version};
pub use store::{Removed, Saved, Store};
pub use user_id::UserId;
