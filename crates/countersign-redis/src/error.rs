use std::error::Error;

/// Why a limiter could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RedisLimitError {
    /// The address is wrong, or no server answers there.
    #[error("cannot connect to Redis")]
    Connect(#[source] Box<dyn Error + Send + Sync + 'static>),
    /// The prefix has other characters than `a`–`z`, `0`–`9`, `-` and `_`, or is empty or longer than 64.
    #[error("not a prefix for keys")]
    Prefix,
}
