use std::path::PathBuf;

use zeroize::Zeroizing;

/// A database.
#[derive(Debug)]
pub(crate) enum DatabaseUrl {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// PostgreSQL, as a URL that may hold a password.
    #[cfg(feature = "postgres")]
    Postgres(SecretSetting),
}

/// Certificate chain and private key, in files.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "refused without that feature"))]
pub(crate) struct TlsFiles {
    /// The chain, PEM.
    pub(crate) certificate: PathBuf,
    /// The key, PEM.
    pub(crate) key: PathBuf,
}

/// Where the key ring is.
#[derive(Debug)]
pub(crate) enum Keys {
    /// In a file.
    File(PathBuf),
    /// In the setting itself: a single key.
    Single(SecretSetting),
}

/// A setting that lets its holder in: wiped on drop, never printed.
pub(crate) struct SecretSetting(Zeroizing<String>);

impl SecretSetting {
    /// Takes the text in.
    #[must_use]
    pub(crate) fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The only way to the text.
    #[must_use]
    pub(crate) fn expose_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for SecretSetting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretSetting([REDACTED])")
    }
}
