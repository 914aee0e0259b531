use thiserror::Error;

/// Why no answer was possible. A wrong code is not among these: that is `false` from
/// [`CodeSet::burn`](crate::CodeSet::burn).
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BackupCodesError {
    /// The input has not the form of a code of this set: no slow hash was run.
    /// [`Digester::looks_like_code`](crate::Digester::looks_like_code) tells beforehand.
    #[error("not the form of a backup code")]
    Malformed,
    /// Parameters of a slow hash that make guessing too cheap.
    #[error("the slow hash is too weak: {0}")]
    TooWeak(&'static str),
    /// Parameters of a slow hash that one request could be made to spend too much on.
    #[error("the slow hash costs too much: {0}")]
    TooCostly(&'static str),
    /// A number or a length outside its range.
    #[error("out of range: {0}")]
    OutOfRange(&'static str),
    /// A stored text is not of a known form.
    #[error("stored {0} does not parse")]
    Stored(&'static str),
    /// The set was made with a pepper, which was not handed in.
    #[error("the set needs its pepper")]
    PepperMissing,
    /// The working memory could not be had.
    #[error("no memory for the slow hash")]
    OutOfMemory,
    /// The generator of random bytes failed; its own words are in `source()`.
    #[error("no random bytes could be had")]
    Randomness(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl BackupCodesError {
    pub(crate) fn randomness(error: impl std::error::Error) -> Self {
        // The generator's error need not be `Send + 'static`; its words are enough.
        Self::Randomness(error.to_string().into())
    }
}
