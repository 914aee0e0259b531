use std::{
    fmt,
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use crate::{KeyRing, Plaintext, VaultError, key_ring_text::MAX_TEXT_LEN};

/// Where the keys come from when a process starts.
///
/// Whoever implements it: give the ring or say in one sentence why there is none; never make up a key, never fall back
/// to another source, keep no copy. It is called once, before anything is served, and may take its time.
pub trait KeySource: fmt::Debug {
    /// The keys.
    ///
    /// # Errors
    /// [`VaultError`]; the process should not start then.
    fn key_ring(&self) -> Result<KeyRing, VaultError>;
}

/// A ring that somebody else has read: the value of an environment variable, say. This crate never reads the
/// environment itself.
pub struct TextSource {
    name: String,
    text: Option<Zeroizing<String>>,
}

impl TextSource {
    /// The text, if there is one, in the form that [`KeyRing::parse`] reads; and the name of the setting it came from,
    /// for the error that says it is missing. The text is taken over and wiped on drop.
    #[must_use]
    pub fn new(name: &str, text: Option<String>) -> Self {
        Self { name: name.to_owned(), text: text.map(Zeroizing::new) }
    }
}

impl KeySource for TextSource {
    fn key_ring(&self) -> Result<KeyRing, VaultError> {
        match &self.text {
            Some(text) if !text.trim().is_empty() => KeyRing::parse(text),
            _ => Err(VaultError::MissingKey(self.name.clone())),
        }
    }
}

impl fmt::Debug for TextSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextSource").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A ring in a file that only its owner can read: on Unix, one that group and others may do anything with is refused.
#[derive(Clone, Debug)]
pub struct FileSource {
    path: PathBuf,
}

impl FileSource {
    /// The file at `path`, in the form that [`KeyRing::to_text`] gives.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }
}

impl KeySource for FileSource {
    fn key_ring(&self) -> Result<KeyRing, VaultError> {
        let bytes = read(&self.path, Readers::OwnerAlone, MAX_TEXT_LEN)?;
        parse(&bytes)
    }
}

/// Makes a key readable that is stored wrapped: a key management service, a hardware module, another vault.
///
/// Whoever implements it: give back exactly the bytes that were wrapped, or an error; check that they were not changed
/// (an unwrapping that is not authenticated is worth nothing); keep no copy. `wrapped` has at most 64 KiB and comes from
/// a file that others may have written. It may block: it is called once, at start.
pub trait Unwrap: fmt::Debug {
    /// The bytes that were wrapped: a ring in the form that [`KeyRing::to_text`] gives.
    ///
    /// # Errors
    /// Why it could not be unwrapped; no secret in its message.
    fn unwrap(&self, wrapped: &[u8]) -> Result<Plaintext, Box<dyn std::error::Error + Send + Sync>>;
}

/// A ring in a file, wrapped with a key that is elsewhere. The file may be readable by others: it is worthless without
/// that key. For a file that [`Vault::wrap_key_ring`](crate::Vault::wrap_key_ring) wrote, the [`Vault`](crate::Vault)
/// with the same key unwraps.
#[derive(Clone, Debug)]
pub struct WrappedFileSource<U> {
    path: PathBuf,
    unwrap: U,
}

impl<U: Unwrap> WrappedFileSource<U> {
    /// The file at `path`, and what unwraps it.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, unwrap: U) -> Self {
        Self { path: path.into(), unwrap }
    }
}

impl<U: Unwrap> KeySource for WrappedFileSource<U> {
    fn key_ring(&self) -> Result<KeyRing, VaultError> {
        let wrapped = read(&self.path, Readers::Anyone, MAX_WRAPPED_LEN)?;
        let ring = self.unwrap.unwrap(&wrapped).map_err(VaultError::Unwrap)?;
        parse(ring.expose_bytes())
    }
}

const MAX_WRAPPED_LEN: usize = 64 * 1024;

enum Readers {
    OwnerAlone,
    Anyone,
}

fn parse(bytes: &[u8]) -> Result<KeyRing, VaultError> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| VaultError::MalformedKeyRing { line: 1, reason: "the text is not UTF-8" })?;
    KeyRing::parse(text)
}

fn read(path: &Path, readers: Readers, max: usize) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let failed = |source| VaultError::KeyFile { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    // Asked of the open file, not of its name, which could be another file's by now.
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(VaultError::KeyFileRefused { path: path.to_owned(), reason: "it is not a regular file" });
    }
    if matches!(readers, Readers::OwnerAlone) && others_may(&metadata) {
        let reason = "others than its owner have access to it: set its mode to 0600";
        return Err(VaultError::KeyFileRefused { path: path.to_owned(), reason });
    }
    // Room for all of it at once: a vector that grows leaves copies behind. One byte more, to see what is too long.
    let mut bytes = Zeroizing::new(Vec::with_capacity(max + 1));
    file.take(max as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > max {
        return Err(VaultError::KeyFileRefused { path: path.to_owned(), reason: "it is too long" });
    }
    Ok(bytes)
}

#[cfg(unix)]
fn others_may(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
const fn others_may(_: &std::fs::Metadata) -> bool {
    false
}
