use std::error::Error;

/// Why a limiter could not decide. Callers refuse then: an undecided attempt was not charged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LimitError {
    /// The backend is out of reach or too slow. The attempt may have been charged.
    #[error("rate limiter is unavailable")]
    Unavailable(#[source] Box<dyn Error + Send + Sync + 'static>),
    /// The limiter holds as many keys as it may, and this one is not among them.
    #[error("rate limiter holds too many keys")]
    Full,
    /// The time cannot be known.
    #[error("rate limiter has no clock")]
    NoClock,
    /// What was handed in breaks a rule; the text names it.
    #[error("not valid: {0}")]
    Invalid(&'static str),
}
