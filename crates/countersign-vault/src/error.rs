use thiserror::Error;

/// Why the vault could not do what was asked. No message holds a key, a plaintext or a part of either.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum VaultError {
    /// A key was offered that could be guessed; the text says in what way.
    #[error("the key is too weak: {0}")]
    WeakKey(&'static str),
    /// A key's text is not 64 hexadecimal digits.
    #[error("a key is written as 64 hexadecimal digits")]
    MalformedKey,
    /// A key ring's text does not parse; the number is the line, counted from 1.
    #[error("the key ring does not parse: line {line}: {reason}")]
    MalformedKeyRing {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The setting with this name holds no key.
    #[error("{0} holds no key: 64 hexadecimal digits, or a key ring, are needed")]
    MissingKey(String),
    /// A key file cannot be read.
    #[error("the key file {} cannot be read", .path.display())]
    KeyFile {
        /// The file.
        path: std::path::PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// A key file is there and must not be used.
    #[error("the key file {} is refused: {reason}", .path.display())]
    KeyFileRefused {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A wrapped key ring was not unwrapped.
    #[error("the wrapped key ring was not unwrapped")]
    Unwrap(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The ring already holds this key.
    #[error("the key ring already holds this key")]
    DuplicateKey,
    /// The ring would hold more than [`KeyRing::MAX_KEYS`](crate::KeyRing::MAX_KEYS).
    #[error("the key ring is full")]
    TooManyKeys,
    /// The ring has no key with this id.
    #[error("the key ring has no such key")]
    UnknownKey,
    /// The active key cannot be taken out of its ring.
    #[error("the active key cannot be removed: make another one active first")]
    KeyIsActive,
    /// The plaintext is longer than [`Vault::MAX_PLAINTEXT_LEN`](crate::Vault::MAX_PLAINTEXT_LEN).
    #[error("the value is too long to be sealed")]
    TooLong,
    /// The generator of random bytes failed; its own words are in `source()`.
    #[error("no random bytes could be had")]
    Randomness(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The budget of plain AES-256-GCM is used up: add a key and make it active.
    #[error("the active key has sealed as many values as AES-256-GCM allows: make a new key active")]
    BudgetSpent,
    /// A text is not a sealed value, a key id or a lookup hash of a known form.
    #[error("malformed {0}")]
    Malformed(&'static str),
    /// A sealed value did not open.
    #[error(transparent)]
    DidNotOpen(#[from] DidNotOpen),
}

impl VaultError {
    pub(crate) fn randomness(error: impl std::error::Error) -> Self {
        // The generator's error need not be `Send + 'static`; its words are enough.
        Self::Randomness(error.to_string().into())
    }
}

/// A sealed value did not open, and that is all there is to say: an unknown key, a changed byte and a value that was
/// put elsewhere look alike, so that nobody learns from the difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the sealed value did not open")]
pub struct DidNotOpen;
