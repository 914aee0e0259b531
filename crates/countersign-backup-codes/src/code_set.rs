use std::fmt;

use rand_core::TryCryptoRng;

use crate::{BackupCodesError, Digest, Digester, Kdf, SetId, Spelling, digest::Found, imported::Imported, own::Own};

/// A user's backup codes as they are stored: their slow hashes, and which of them are used up.
///
/// Its serde form is validated and bounded when it is read: at most 16 slots, parameters within bounds.
#[derive(Clone)]
pub struct CodeSet {
    pub(crate) id: SetId,
    pub(crate) slots: Slots,
}

#[derive(Clone)]
pub(crate) enum Slots {
    Own(Own),
    Imported(Imported),
}

impl CodeSet {
    /// From this number of codes left on, the user should be told to make new ones.
    pub const LOW: usize = 3;

    /// The set of another system: its hashes, 16 at most, and how it spelt a code before it hashed it. Taken are
    /// `pbkdf2_sha256$iterations$salt$hash`, as Django writes it, and with the feature `import-bcrypt` bcrypt strings
    /// (`$2a$`, `$2b$`, `$2y$`).
    ///
    /// Each hash has a salt of its own, so that one attempt runs all of them: together ten million iterations of PBKDF2
    /// and 32,768 rounds of bcrypt (sixteen hashes of cost 11) at most. What the codes are worth is as the other system
    /// left it; the next regeneration makes them ours.
    ///
    /// # Errors
    /// [`BackupCodesError::Stored`] if a string does not parse, [`BackupCodesError::TooCostly`] above the bounds,
    /// [`BackupCodesError::OutOfRange`] for more than 16 or none, [`BackupCodesError::Randomness`].
    pub fn import<R: TryCryptoRng + ?Sized>(
        hashes: &[&str],
        spelling: Spelling,
        rng: &mut R,
    ) -> Result<Self, BackupCodesError> {
        let imported = Imported::parse(hashes, spelling)?;
        Ok(Self { id: SetId::generate(rng)?, slots: Slots::Imported(imported) })
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
        match (&mut self.slots, &digest.found) {
            (Slots::Own(own), Found::Hash(hash)) => own.burn(hash),
            (Slots::Imported(imported), Found::Imported(hashes)) => imported.burn(hashes),
            _ => false,
        }
    }

    /// What makes the digests for this set: owned, so that it can go to another thread.
    #[must_use]
    pub fn digester(&self) -> Digester {
        match &self.slots {
            Slots::Own(own) => Digester::new(self.id, own.characters, own.kdf, own.pepper_id.clone()),
            Slots::Imported(imported) => Digester::imported(self.id, imported.salts()),
        }
    }

    /// Names this set among all.
    #[must_use]
    pub const fn id(&self) -> SetId {
        self.id
    }

    /// Codes that are not used up.
    #[must_use]
    pub fn remaining(&self) -> usize {
        match &self.slots {
            Slots::Own(own) => own.remaining(),
            Slots::Imported(imported) => imported.remaining(),
        }
    }

    /// Whether [`LOW`](Self::LOW) codes or fewer are left.
    #[must_use]
    pub fn is_low(&self) -> bool {
        self.remaining() <= Self::LOW
    }

    /// The slow hash that the set was made with; `None` for the set of another system.
    #[must_use]
    pub const fn kdf(&self) -> Option<Kdf> {
        match &self.slots {
            Slots::Own(own) => Some(own.kdf),
            Slots::Imported(_) => None,
        }
    }

    /// The id of the key that the set was made with, if it was made with one.
    #[must_use]
    pub fn pepper_id(&self) -> Option<&str> {
        match &self.slots {
            Slots::Own(own) => own.pepper_id.as_deref(),
            Slots::Imported(_) => None,
        }
    }
}

impl fmt::Debug for CodeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodeSet")
            .field("id", &self.id)
            .field("kdf", &self.kdf())
            .field("remaining", &self.remaining())
            .finish_non_exhaustive()
    }
}
