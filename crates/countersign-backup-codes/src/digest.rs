use std::fmt;

use crate::{Derived, SetId, imported::Hashes};

/// What a typed code comes to for one set: the slow part is done, [`CodeSet::burn`](crate::CodeSet::burn) is quick.
/// Wiped on drop, never printed, cloned or serialised.
///
/// ```compile_fail,E0277
/// fn copies<T: Clone>() {}
/// copies::<countersign_backup_codes::Digest>();
/// ```
pub struct Digest {
    pub(crate) set: SetId,
    pub(crate) found: Found,
}

pub(crate) enum Found {
    /// One hash, to be compared with those of the set.
    Hash(Derived),
    /// A hash for each slot of an imported set.
    Imported(Hashes),
}

impl Digest {
    /// The set it was made for.
    #[must_use]
    pub const fn set_id(&self) -> SetId {
        self.set
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Digest").field("set", &self.set).finish_non_exhaustive()
    }
}
