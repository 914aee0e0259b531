use std::fmt;

use sha2::{Digest, Sha256};

use crate::{KeyId, KeyRingText, MasterKey, RingFingerprint, VaultError, key_ring_text, ring_key::RingKey};

/// The keys of a vault: one active key, which seals, and older ones, which only open.
///
/// To rotate: add the new key with [`with_older`](Self::with_older) on every instance, so that all can read it; make it
/// active with [`with_active`](Self::with_active) on every instance; re-seal; and when nothing needs the old key any
/// more, take it out with [`without`](Self::without).
pub struct KeyRing {
    // Never empty; the first one is active.
    keys: Vec<RingKey>,
}

impl KeyRing {
    /// Keys that a ring may hold, the active one included.
    pub const MAX_KEYS: usize = 64;

    /// A ring with one key, the active one.
    #[must_use]
    pub fn new(active: MasterKey) -> Self {
        Self { keys: vec![RingKey::new(active)] }
    }

    /// Reads a ring's text form, see [`to_text`](Self::to_text). A single line of 64 hexadecimal digits is a ring with
    /// that one key. A `;` may stand for the end of a line, for settings that must be one line.
    ///
    /// # Errors
    /// [`VaultError::MalformedKeyRing`] with the line and what is wrong with it (never its text), or what the key in it
    /// was refused for.
    pub fn parse(text: &str) -> Result<Self, VaultError> {
        key_ring_text::parse(text)
    }

    /// The same ring with one more key that only opens.
    ///
    /// # Errors
    /// [`VaultError::DuplicateKey`] if the ring holds it already, [`VaultError::TooManyKeys`] if the ring is full.
    pub fn with_older(mut self, key: MasterKey) -> Result<Self, VaultError> {
        let key = RingKey::new(key);
        if self.find(&key.id()).is_some() {
            return Err(VaultError::DuplicateKey);
        }
        if self.keys.len() >= Self::MAX_KEYS {
            return Err(VaultError::TooManyKeys);
        }
        self.keys.push(key);
        Ok(self)
    }

    /// The same ring with another of its keys active. The key that was active stays, as the first of the older ones.
    ///
    /// # Errors
    /// [`VaultError::UnknownKey`] if the ring has no key with this id.
    pub fn with_active(mut self, id: &KeyId) -> Result<Self, VaultError> {
        let at = self.position(id)?;
        self.keys[..=at].rotate_right(1);
        Ok(self)
    }

    /// The same ring without one of its older keys. What that key sealed does not open from then on: ask
    /// [`RotationReport::is_needed`](crate::RotationReport::is_needed) first.
    ///
    /// # Errors
    /// [`VaultError::UnknownKey`] if the ring has no key with this id, [`VaultError::KeyIsActive`] if it is the active
    /// one.
    pub fn without(mut self, id: &KeyId) -> Result<Self, VaultError> {
        match self.position(id)? {
            0 => Err(VaultError::KeyIsActive),
            at => {
                self.keys.remove(at);
                Ok(self)
            }
        }
    }

    /// The id of the key that seals.
    #[must_use]
    pub fn active_id(&self) -> KeyId {
        self.active().id()
    }

    /// The ids of all keys, the active one first.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = KeyId> + '_ {
        self.keys.iter().map(RingKey::id)
    }

    /// Whether the ring has a key with this id.
    #[must_use]
    pub fn contains(&self, id: &KeyId) -> bool {
        self.find(id).is_some()
    }

    /// One fingerprint for the ring: equal where the same keys are known and the same one is active, in whatever order
    /// the older ones stand. A single key's fingerprint is its id.
    #[must_use]
    pub fn fingerprint(&self) -> RingFingerprint {
        let mut older: Vec<_> = self.ids().skip(1).collect();
        older.sort_unstable();
        let mut hash = Sha256::new_with_prefix(b"countersign-vault ring");
        hash.update(self.active_id().as_bytes());
        older.iter().for_each(|id| hash.update(id.as_bytes()));
        let hash = hash.finalize();
        RingFingerprint::new(std::array::from_fn(|at| hash[at]))
    }

    /// The text form, which holds the keys themselves: for a file that only its owner can read.
    ///
    /// ```text
    /// countersign-key-ring 1
    /// active 1f8b7a0c55e3d942 64 hexadecimal digits
    /// older  90c1ab4422d0e6f7 64 hexadecimal digits
    /// ```
    ///
    /// Each key stands beside its id, so that a key with a wrong digit is noticed. Empty lines and lines that begin
    /// with `#` are skipped.
    #[must_use]
    pub fn to_text(&self) -> KeyRingText {
        key_ring_text::write(self.keys())
    }

    pub(crate) fn active(&self) -> &RingKey {
        &self.keys[0]
    }

    pub(crate) fn keys(&self) -> &[RingKey] {
        &self.keys
    }

    pub(crate) fn find(&self, id: &KeyId) -> Option<&RingKey> {
        self.keys.iter().find(|key| key.id() == *id)
    }

    fn position(&self, id: &KeyId) -> Result<usize, VaultError> {
        self.keys.iter().position(|key| key.id() == *id).ok_or(VaultError::UnknownKey)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").field("ids", &self.ids().collect::<Vec<_>>()).finish_non_exhaustive()
    }
}
