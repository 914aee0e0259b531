#![doc = include_str!("../README.md")]

mod error;
mod limiter;

pub use error::RedisLimitError;
pub use limiter::RedisLimiter;
