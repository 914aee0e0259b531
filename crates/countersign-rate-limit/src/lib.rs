#![doc = include_str!("../README.md")]

mod bucket;
#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod fallback;
mod limiter;
mod memory;
mod quota;

pub use bucket::Bucket;
pub use error::LimitError;
pub use fallback::FallbackLimiter;
pub use limiter::{Charge, Decision, RateLimiter};
pub use memory::MemoryLimiter;
pub use quota::{Quota, Shape};
