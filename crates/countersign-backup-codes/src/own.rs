use subtle::{ConditionallySelectable, ConstantTimeEq};

use crate::{Derived, Kdf, public::publish};

/// The digests of codes that were made here: one salt, which is the set's id.
#[derive(Clone)]
pub(crate) struct Own {
    pub(crate) characters: usize,
    pub(crate) kdf: Kdf,
    pub(crate) pepper_id: Option<String>,
    // A slot stays when its code is burnt, so that the work of a comparison does not tell how many are left.
    pub(crate) slots: Vec<Option<[u8; 32]>>,
}

impl Own {
    pub(crate) fn remaining(&self) -> usize {
        self.slots.iter().flatten().count()
    }

    pub(crate) fn burn(&mut self, hash: &Derived) -> bool {
        // No slot has this index: a set has 16 at most.
        let mut found = u8::MAX;
        for (at, slot) in (0..u8::MAX).zip(&self.slots) {
            // A burnt slot is compared too, and its answer left out.
            let stored = slot.unwrap_or_default();
            let same = stored.ct_eq(hash.expose_bytes()) & u8::from(slot.is_some()).ct_eq(&1);
            found.conditional_assign(&at, same);
        }
        match self.slots.get_mut(usize::from(publish(found))) {
            Some(slot) => {
                *slot = None;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burnt_slot_matches_nothing() {
        let slots = vec![None, Some([7; 32])];
        let mut own = Own { characters: 16, kdf: Kdf::default(), pepper_id: None, slots };
        // What a burnt slot is compared as.
        assert!(!own.burn(&Derived::zeroed()));
        assert_eq!(own.remaining(), 1);
        let mut right = Derived::zeroed();
        right.as_mut().fill(7);
        assert!(own.burn(&right) && !own.burn(&right));
    }
}
