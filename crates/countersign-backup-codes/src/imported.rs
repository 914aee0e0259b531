use std::fmt;

use serde::{Deserialize, Serialize};
use subtle::{ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::{BackupCodesError, Settings, imported_hash::ImportedHash, public::publish};

/// How another system spelt a code before it hashed it.
///
/// The default is the code as it was shown, without spaces before and after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spelling {
    case: LetterCase,
    without_separators: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum LetterCase {
    #[default]
    AsTyped,
    Lower,
    Upper,
}

impl Spelling {
    /// In lower case.
    #[must_use]
    pub const fn lower_case(mut self) -> Self {
        self.case = LetterCase::Lower;
        self
    }

    /// In upper case.
    #[must_use]
    pub const fn upper_case(mut self) -> Self {
        self.case = LetterCase::Upper;
        self
    }

    /// Without the spaces and dashes within.
    #[must_use]
    pub const fn without_separators(mut self) -> Self {
        self.without_separators = true;
        self
    }

    /// The input in this spelling; `None` if it cannot be a code: 6 to 64 visible ASCII characters and spaces.
    pub(crate) fn apply(&self, input: &str) -> Option<Zeroizing<Vec<u8>>> {
        let input = input.trim_matches(' ').as_bytes();
        if input.len() > MAX_CODE_LEN || !input.iter().all(|byte| matches!(byte, b' '..=b'~')) {
            return None;
        }
        let mut code = Zeroizing::new(Vec::with_capacity(input.len()));
        for byte in input.iter().filter(|byte| !(self.without_separators && matches!(byte, b' ' | b'-'))) {
            code.push(match self.case {
                LetterCase::AsTyped => *byte,
                LetterCase::Lower => byte.to_ascii_lowercase(),
                LetterCase::Upper => byte.to_ascii_uppercase(),
            });
        }
        (code.len() >= MIN_CODE_LEN).then_some(code)
    }
}

const MIN_CODE_LEN: usize = 6;
const MAX_CODE_LEN: usize = 64;
/// Most iterations of PBKDF2 that one attempt at a set may cost, and most rounds of bcrypt: a second or two.
const MAX_ITERATIONS: u64 = 10_000_000;
const MAX_ROUNDS: u64 = 1 << 15;

/// The hashes that another system made of its codes, each with a salt of its own.
#[derive(Clone)]
pub(crate) struct Imported {
    spelling: Spelling,
    slots: Vec<ImportedHash>,
}

/// What one code comes to under each of the salts.
pub(crate) type Hashes = Vec<Zeroizing<Vec<u8>>>;

impl Imported {
    pub(crate) fn parse(texts: &[&str], spelling: Spelling) -> Result<Self, BackupCodesError> {
        if !(1..=Settings::MAX_COUNT).contains(&texts.len()) {
            return Err(BackupCodesError::OutOfRange("a set has 16 codes at most"));
        }
        let slots = texts.iter().map(|text| ImportedHash::parse(text)).collect::<Result<Vec<_>, _>>()?;
        let (iterations, rounds) =
            slots.iter().map(ImportedHash::cost).fold((0, 0), |sum, cost| (sum.0 + cost.0, sum.1 + cost.1));
        if iterations > MAX_ITERATIONS || rounds > MAX_ROUNDS {
            return Err(BackupCodesError::TooCostly("one attempt runs every hash of an imported set"));
        }
        Ok(Self { spelling, slots })
    }

    pub(crate) const fn spelling(&self) -> &Spelling {
        &self.spelling
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        self.slots.iter().map(ToString::to_string).collect()
    }

    pub(crate) fn remaining(&self) -> usize {
        self.slots.iter().filter(|slot| slot.is_live()).count()
    }

    /// Runs every hash, those of burnt slots too, so that the time does not tell how many are left.
    pub(crate) fn hash_all(&self, code: &[u8]) -> Result<Hashes, BackupCodesError> {
        self.slots.iter().map(|slot| slot.hash(code)).collect()
    }

    /// The same set, with which nothing can be compared: for a digester.
    pub(crate) fn salts(&self) -> Self {
        Self { spelling: self.spelling, slots: self.slots.iter().map(ImportedHash::without_hash).collect() }
    }

    pub(crate) fn burn(&mut self, hashes: &Hashes) -> bool {
        if hashes.len() != self.slots.len() {
            return false;
        }
        // No slot has this index: a set has 16 at most.
        let mut found = u8::MAX;
        for ((at, slot), hash) in (0..u8::MAX).zip(&self.slots).zip(hashes) {
            let same = slot.stored().ct_eq(hash.as_slice()) & u8::from(slot.is_live()).ct_eq(&1);
            found.conditional_assign(&at, same);
        }
        match self.slots.get_mut(usize::from(publish(found))) {
            Some(slot) => {
                *slot = slot.without_hash();
                true
            }
            None => false,
        }
    }
}

impl fmt::Debug for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Imported").field("remaining", &self.remaining()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burnt_slot_matches_nothing() {
        let live = format!("pbkdf2_sha256$1$salt${}=", "A".repeat(43));
        let mut imported = Imported::parse(&["pbkdf2_sha256$1$salt$", &live], Spelling::default()).unwrap();
        let hashes = |first, second| [first, second].map(|byte: u8| Zeroizing::new(vec![byte; 32])).to_vec();
        // What a burnt slot is compared as, and what the other one is stored as.
        assert!(!imported.burn(&hashes(0, 1)));
        assert!(imported.burn(&hashes(1, 0)));
        assert_eq!(imported.remaining(), 0);
        assert!(!imported.burn(&hashes(0, 0)) && !imported.burn(&Vec::new()));
    }
}
