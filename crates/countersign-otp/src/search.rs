//! Looking for a candidate among the codes of a window: every code is computed and compared, whatever matched before, and
//! nothing branches until the answer is complete.

use subtle::{Choice, ConditionallySelectable};

use crate::format::{Candidate, Packed};

/// What matched so far.
pub(crate) struct Search {
    candidate: Candidate,
    found: Choice,
    place: i64,
    stale: Choice,
}

/// What matched in the end.
pub(crate) enum Found {
    /// At this place, the last one that matched.
    At(i64),
    /// Only where a match does not count any more.
    Stale,
    Nowhere,
    Malformed,
}

impl Search {
    pub(crate) fn new(candidate: Candidate) -> Self {
        Self { candidate, found: Choice::from(0), place: 0, stale: Choice::from(0) }
    }

    /// Compares with the code at `place`. A match counts if `fresh`. Places must be given in rising order: where one code
    /// stands at two places of the window the later one is taken, so that using it uses up both.
    #[inline]
    pub(crate) fn compare(&mut self, code: Packed, place: i64, fresh: bool) {
        let same = self.candidate.packed.same(code);
        if fresh {
            self.found |= same;
            self.place.conditional_assign(&place, same);
        } else {
            self.stale |= same;
        }
    }

    pub(crate) fn finish(self) -> Found {
        reveal(self.candidate.well_formed.unwrap_u8(), self.found.unwrap_u8(), self.stale.unwrap_u8(), self.place)
    }
}

/// Makes the answer public. The first branch on anything that depends on the secret or the candidate is here; the machine check
/// of constant time excuses this function.
#[inline(never)]
fn reveal(well_formed: u8, found: u8, stale: u8, place: i64) -> Found {
    if well_formed == 0 {
        Found::Malformed
    } else if found != 0 {
        Found::At(place)
    } else if stale != 0 {
        Found::Stale
    } else {
        Found::Nowhere
    }
}
