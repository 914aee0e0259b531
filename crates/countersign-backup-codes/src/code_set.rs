use std::fmt;

use subtle::{ConditionallySelectable, ConstantTimeEq};

use crate::{Digest, Digester, Kdf, SetId, digest::Found};

/// A user's backup codes as they are stored: their slow hashes under one salt, and which of them are used up.
///
/// Its serde form is validated and bounded when it is read: at most 16 slots, parameters within bounds.
#[derive(Clone)]
pub struct CodeSet {
    pub(crate) id: SetId,
    pub(crate) characters: usize,
    pub(crate) kdf: Kdf,
    pub(crate) pepper_id: Option<String>,
    // A slot stays when its code is burnt, so that the work of a comparison does not tell how many are left.
    pub(crate) slots: Vec<Option<[u8; 32]>>,
}

impl CodeSet {
    /// From this number of codes left on, the user should be told to make new ones.
    pub const LOW: usize = 3;

    pub(crate) const fn new(
        id: SetId,
        characters: usize,
        kdf: Kdf,
        pepper_id: Option<String>,
        slots: Vec<Option<[u8; 32]>>,
    ) -> Self {
        Self { id, characters, kdf, pepper_id, slots }
    }

    /// Uses up the code that the digest was made from. `true` if it was one of the set and was not used before: then the
    /// changed set must be saved before anything is answered.
    ///
    /// `false` for every other code, and for a digest that was made for another set. All slots are compared, without an
    /// early exit.
    #[must_use = "whether the code was right is the answer"]
    pub fn burn(&mut self, digest: &Digest) -> bool {
        if digest.set != self.id {
            return false;
        }
        let Found::Hash(hash) = &digest.found;
        // No slot has this index: a set has 16 at most.
        let mut found = u8::MAX;
        for (at, slot) in (0..u8::MAX).zip(&self.slots) {
            // A burnt slot is compared too, and its answer left out.
            let stored = slot.unwrap_or_default();
            let same = stored.ct_eq(hash.expose_bytes()) & u8::from(slot.is_some()).ct_eq(&1);
            found.conditional_assign(&at, same);
        }
        match self.slots.get_mut(usize::from(found)) {
            Some(slot) => {
                *slot = None;
                true
            }
            None => false,
        }
    }

    /// What makes the digests for this set: owned, so that it can go to another thread.
    #[must_use]
    pub fn digester(&self) -> Digester {
        Digester::new(self.id, self.characters, self.kdf, self.pepper_id.clone())
    }

    /// Names this set among all.
    #[must_use]
    pub const fn id(&self) -> SetId {
        self.id
    }

    /// Codes that are not used up.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.slots.iter().flatten().count()
    }

    /// Whether [`LOW`](Self::LOW) codes or fewer are left.
    #[must_use]
    pub fn is_low(&self) -> bool {
        self.remaining() <= Self::LOW
    }

    /// The slow hash that the set was made with.
    #[must_use]
    pub const fn kdf(&self) -> Kdf {
        self.kdf
    }

    /// The id of the key that the set was made with, if it was made with one.
    #[must_use]
    pub fn pepper_id(&self) -> Option<&str> {
        self.pepper_id.as_deref()
    }
}

impl fmt::Debug for CodeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodeSet")
            .field("id", &self.id)
            .field("kdf", &self.kdf)
            .field("remaining", &self.remaining())
            .finish_non_exhaustive()
    }
}
