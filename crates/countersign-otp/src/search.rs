//! Looking for what somebody typed among the codes of a range: every code is computed and compared, whatever matched before, and
//! nothing branches until the answer is complete.

use subtle::{Choice, ConditionallySelectable};

use crate::{
    format::Format,
    key::Key,
    public::{publish, publish_u64},
};

/// What a search came to.
pub(crate) enum Found {
    /// At this counter. Should the code stand at several of the range, at the last of them, so that using it uses up all.
    At(u64),
    /// Only at counters that do not count any more.
    Stale,
    Nowhere,
    Malformed,
}

/// Compares `input` with the codes of the counters from `first` to `last`; a match counts if it is later than `after`.
#[inline]
pub(crate) fn search(key: &Key, format: Format, input: &str, first: u64, last: u64, after: Option<u64>) -> Found {
    let Some(candidate) = format.read(input) else { return Found::Malformed };
    let (mut fresh, mut stale, mut place) = (Choice::from(0), Choice::from(0), 0);
    key.truncated_range(first, last, |counter, value| {
        let same = format.write(value).same(candidate.packed);
        if after.is_none_or(|after| counter > after) {
            fresh |= same;
            place.conditional_assign(&counter, same);
        } else {
            stale |= same;
        }
    });
    reveal(candidate.well_formed, fresh, stale, place)
}

/// Looks for consecutive codes, two or three as `inputs` are given, that end no later than `last`. The place is that of the last.
pub(crate) fn search_run(key: &Key, format: Format, inputs: [Option<&str>; 3], first: u64, last: u64) -> Found {
    let mut well_formed = Choice::from(1);
    let mut run = [None; 3];
    for (packed, input) in run.iter_mut().zip(inputs) {
        let Some(input) = input else { continue };
        let Some(candidate) = format.read(input) else { return Found::Malformed };
        well_formed &= candidate.well_formed;
        *packed = Some(candidate.packed);
    }
    let (mut found, mut place) = (Choice::from(0), 0);
    // Whether the run up to each input ended at the counter before.
    let mut before = [Choice::from(0); 3];
    key.truncated_range(first, last, |counter, value| {
        let code = format.write(value);
        let mut so_far = Choice::from(1);
        for (ended, packed) in before.iter_mut().zip(run) {
            let Some(packed) = packed else { continue };
            let ends = so_far & code.same(packed);
            so_far = core::mem::replace(ended, ends);
        }
        let whole = before[if run[2].is_some() { 2 } else { 1 }];
        found |= whole;
        place.conditional_assign(&counter, whole);
    });
    reveal(well_formed, found, Choice::from(0), place)
}

/// Looks for the match nearest to `now`.
pub(crate) fn search_nearest(key: &Key, format: Format, input: &str, now: u64, reach: u64) -> Found {
    let Some(candidate) = format.read(input) else { return Found::Malformed };
    let (mut earlier, mut before) = (Choice::from(0), 0);
    let (mut later, mut after) = (Choice::from(0), 0);
    key.truncated_range(now.saturating_sub(reach), now.saturating_add(reach), |counter, value| {
        let same = format.write(value).same(candidate.packed);
        if counter < now {
            earlier |= same;
            before.conditional_assign(&counter, same);
        } else {
            after.conditional_assign(&counter, same & !later);
            later |= same;
        }
    });
    let reveal = |found, place| reveal(candidate.well_formed, found, Choice::from(0), place);
    match (reveal(earlier, before), reveal(later, after)) {
        (Found::At(before), Found::At(after)) => Found::At(if now - before < after - now { before } else { after }),
        (Found::At(place), _) | (_, Found::At(place)) => Found::At(place),
        (nowhere, _) => nowhere,
    }
}

/// Makes the answer public, and of the place only what the answer names.
fn reveal(well_formed: Choice, fresh: Choice, stale: Choice, place: u64) -> Found {
    match publish(well_formed.unwrap_u8() << 2 | fresh.unwrap_u8() << 1 | stale.unwrap_u8()) {
        0b110 | 0b111 => Found::At(publish_u64(place)),
        0b101 => Found::Stale,
        0b100 => Found::Nowhere,
        _ => Found::Malformed,
    }
}
