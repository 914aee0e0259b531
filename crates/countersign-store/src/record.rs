use std::fmt;

use countersign_clock::Timestamp;

use crate::StoreError;

/// All second-factor state of one user, as a store sees it: an opaque body with a few plain columns beside it.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// What the engine keeps, in a form of its own; at most [`MAX_BODY`](Self::MAX_BODY) bytes. Secrets inside it are
    /// sealed before they come here.
    pub body: Vec<u8>,
    /// Random for each save, so that a caller who lost the answer can tell its own save from another's.
    pub save_id: SaveId,
    /// Whether a second factor is live. For operators; the body is what counts.
    pub enabled: bool,
    /// Until when answers are refused, if they are. For operators; the body is what counts.
    pub locked_until: Option<Timestamp>,
    /// When this save was decided.
    pub updated_at: Timestamp,
}

impl Record {
    /// The largest body, in bytes: 64 KiB.
    pub const MAX_BODY: usize = 64 * 1024;

    /// Whether the record keeps its bounds: every backend calls this before it saves.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] for the body, [`StoreError::Invalid`] for a time that a signed 64-bit column cannot
    /// hold.
    pub fn check(&self) -> Result<(), StoreError> {
        if self.body.len() > Self::MAX_BODY {
            return Err(StoreError::TooLarge("record body"));
        }
        check_time(self.updated_at)?;
        self.locked_until.map_or(Ok(()), check_time)
    }
}

impl fmt::Debug for Record {
    /// Without the body: it holds sealed secrets and would drown a log line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("body_bytes", &self.body.len())
            .field("save_id", &self.save_id)
            .field("enabled", &self.enabled)
            .field("locked_until", &self.locked_until)
            .field("updated_at", &self.updated_at)
            .finish()
    }
}

/// A record as it was read, with the version to name when saving over it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// What was saved last.
    pub record: Record,
    /// Which save that was.
    pub version: Version,
}

/// The number of a save of one user. Grows with every save, and does not start again after a removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u64);

impl Version {
    /// The version numbered `number`; backends start at 1.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// Sixteen random bytes that name one save.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SaveId([u8; 16]);

impl SaveId {
    /// Takes bytes that the caller drew at random.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for SaveId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SaveId(")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

pub(crate) fn check_time(at: Timestamp) -> Result<(), StoreError> {
    if i64::try_from(at.as_millis()).is_ok() { Ok(()) } else { Err(StoreError::Invalid("time out of range")) }
}
