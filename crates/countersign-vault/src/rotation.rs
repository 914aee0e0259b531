use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Context, KeyId, Sealed, Vault};

/// What a rotation would do with one sealed value, found out without writing anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rehearsal {
    /// It opens and stays as it is.
    Current,
    /// It opens and would be sealed anew.
    WouldReseal,
    /// It does not open in this place with the keys that are known. Sealing leaves it alone.
    DoesNotOpen,
}

impl Vault {
    /// What [`reseal`](Self::reseal) would do with the value. Opens it to find out, and writes nothing.
    #[must_use]
    pub fn rehearse(&self, context: &Context<'_>, sealed: &Sealed) -> Rehearsal {
        match self.open(context, sealed) {
            Err(_) => Rehearsal::DoesNotOpen,
            Ok(_) if self.needs_reseal(sealed) => Rehearsal::WouldReseal,
            Ok(_) => Rehearsal::Current,
        }
    }
}

/// The sum of a rehearsal, or of a sweep, over many values: how many there are of each kind, and under which keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotationReport {
    current: u64,
    would_reseal: u64,
    does_not_open: u64,
    by_key: BTreeMap<KeyId, u64>,
}

impl RotationReport {
    /// An empty report.
    #[must_use]
    pub const fn new() -> Self {
        Self { current: 0, would_reseal: 0, does_not_open: 0, by_key: BTreeMap::new() }
    }

    /// Adds one value and what was found of it.
    pub fn add(&mut self, sealed: &Sealed, found: Rehearsal) {
        let count = match found {
            Rehearsal::Current => &mut self.current,
            Rehearsal::WouldReseal => &mut self.would_reseal,
            Rehearsal::DoesNotOpen => &mut self.does_not_open,
        };
        *count = count.saturating_add(1);
        self.add_key(sealed.key_id());
    }

    /// Adds something that needs a key and cannot be sealed anew: a lookup hash or a link of an audit chain.
    pub fn add_key(&mut self, key: KeyId) {
        let count = self.by_key.entry(key).or_default();
        *count = count.saturating_add(1);
    }

    /// Adds another report, of another part of the values.
    pub fn merge(&mut self, other: &Self) {
        self.current = self.current.saturating_add(other.current);
        self.would_reseal = self.would_reseal.saturating_add(other.would_reseal);
        self.does_not_open = self.does_not_open.saturating_add(other.does_not_open);
        for (key, count) in &other.by_key {
            let sum = self.by_key.entry(*key).or_default();
            *sum = sum.saturating_add(*count);
        }
    }

    /// Values that open and stay as they are.
    #[must_use]
    pub const fn current(&self) -> u64 {
        self.current
    }

    /// Values that open and would be sealed anew.
    #[must_use]
    pub const fn would_reseal(&self) -> u64 {
        self.would_reseal
    }

    /// Values that do not open.
    #[must_use]
    pub const fn does_not_open(&self) -> u64 {
        self.does_not_open
    }

    /// Whether anything that was added needs this key. A key that nothing needs can be taken out of the ring, if the
    /// report covers everything that is stored.
    #[must_use]
    pub fn is_needed(&self, key: &KeyId) -> bool {
        self.by_key.contains_key(key)
    }

    /// How many values need each key, known or not.
    #[must_use]
    pub fn by_key(&self) -> impl ExactSizeIterator<Item = (KeyId, u64)> + '_ {
        self.by_key.iter().map(|(key, count)| (*key, *count))
    }
}
