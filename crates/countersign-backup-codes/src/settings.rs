use crate::{BackupCodesError, Kdf, alphabet, pepper::Pepper};

/// How new sets of codes are made. The default: ten codes of 16 characters (80 bits) under [`Kdf::default`], without a
/// pepper.
#[derive(Debug)]
pub struct Settings {
    pub(crate) count: usize,
    pub(crate) characters: usize,
    pub(crate) kdf: Kdf,
    pub(crate) pepper: Option<(String, Pepper)>,
}

impl Settings {
    /// Fewest bits of a code (NIST SP 800-63B-4, section 3.1.2: saved recovery codes).
    pub const MIN_ENTROPY_BITS: usize = 64;
    /// Most characters of a code.
    pub const MAX_CHARACTERS: usize = 32;
    /// Fewest codes of a set.
    pub const MIN_COUNT: usize = 8;
    /// Most codes of a set.
    pub const MAX_COUNT: usize = 16;

    /// The default settings.
    #[must_use]
    pub fn new() -> Self {
        Self { count: 10, characters: 16, kdf: Kdf::default(), pepper: None }
    }

    /// Codes of a set: 8 to 16.
    ///
    /// # Errors
    /// [`BackupCodesError::OutOfRange`].
    pub fn count(mut self, count: usize) -> Result<Self, BackupCodesError> {
        if !(Self::MIN_COUNT..=Self::MAX_COUNT).contains(&count) {
            return Err(BackupCodesError::OutOfRange("a set has 8 to 16 codes"));
        }
        self.count = count;
        Ok(self)
    }

    /// Characters of a code, dashes not counted. Each holds five bits: 13 characters are the fewest, 32 the most.
    ///
    /// # Errors
    /// [`BackupCodesError::TooWeak`] below [`MIN_ENTROPY_BITS`](Self::MIN_ENTROPY_BITS),
    /// [`BackupCodesError::OutOfRange`] above [`MAX_CHARACTERS`](Self::MAX_CHARACTERS).
    pub fn characters(mut self, characters: usize) -> Result<Self, BackupCodesError> {
        check_characters(characters)?;
        self.characters = characters;
        Ok(self)
    }

    /// The slow hash for new sets. Sets that exist keep theirs until they are regenerated. It is taken as it is: one that
    /// was read with [`Kdf::danger_parse`] may be weaker than new hashes should be, see [`Kdf::is_strong`].
    #[must_use]
    pub const fn kdf(mut self, kdf: Kdf) -> Self {
        self.kdf = kdf;
        self
    }

    /// Keys the digests of new sets with `key`, which is not in the database: a subkey of a vault, say. The set keeps
    /// `id` (1 to 64 visible ASCII characters), so that the same key can be handed to
    /// [`Digester::with_pepper`](crate::Digester::with_pepper) later.
    ///
    /// # Errors
    /// [`BackupCodesError::OutOfRange`] for another id.
    pub fn pepper(mut self, id: &str, key: &[u8; 32]) -> Result<Self, BackupCodesError> {
        Pepper::check_id(id)?;
        self.pepper = Some((id.to_owned(), Pepper::new(key)));
        Ok(self)
    }

    /// Bits of randomness that a code holds.
    #[must_use]
    pub const fn entropy_bits(&self) -> usize {
        self.characters * alphabet::BITS
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::new()
    }
}

pub(crate) fn check_characters(characters: usize) -> Result<(), BackupCodesError> {
    if characters > Settings::MAX_CHARACTERS {
        return Err(BackupCodesError::OutOfRange("a code has 32 characters at most"));
    }
    if characters * alphabet::BITS < Settings::MIN_ENTROPY_BITS {
        return Err(BackupCodesError::TooWeak("a code holds at least 64 bits: 13 characters"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_bits_are_refused() {
        assert!(matches!(Settings::new().characters(12), Err(BackupCodesError::TooWeak(_))));
        assert_eq!(Settings::new().characters(13).unwrap().entropy_bits(), 65);
        assert_eq!(Settings::new().entropy_bits(), 80);
        assert!(Settings::new().characters(32).is_ok() && Settings::new().characters(33).is_err());
        assert!(Settings::new().characters(usize::MAX).is_err());
    }

    #[test]
    fn the_number_of_codes_is_bounded() {
        for (count, taken) in [(7, false), (8, true), (16, true), (17, false)] {
            assert_eq!(Settings::new().count(count).is_ok(), taken, "{count}");
        }
    }

    #[test]
    fn the_id_of_a_pepper_is_bounded() {
        for (id, taken) in [("", false), ("a b", false), ("é", false), ("90c1ab4422d0e6f7", true)] {
            assert_eq!(Settings::new().pepper(id, &[1; 32]).is_ok(), taken, "{id:?}");
        }
        assert!(Settings::new().pepper(&"x".repeat(65), &[1; 32]).is_err());
    }
}
