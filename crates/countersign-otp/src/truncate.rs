//! Dynamic truncation (RFC 4226, section 5.3) without an index that depends on the digest.

/// The 31 bits that start at the byte which the lowest four bits of `last` point to. `words` are the first 20 bytes of the
/// digest as big-endian words; no offset reaches further.
pub(crate) fn dynamic(words: [u32; 5], last: u32) -> u32 {
    let [w0, w1, w2, w3, w4] = words;
    // By whole words first, eight bytes and then four; then the rest by a shift inside the pair of words that is left.
    let (eight, four) = masks(last);
    let (x0, x1, x2) = (select(eight, w2, w0), select(eight, w3, w1), select(eight, w4, w2));
    let (y0, y1) = (select(four, x1, x0), select(four, x2, x1));
    let [_, _, _, _, bytes @ ..] = ((u64::from(y0) << 32 | u64::from(y1)) >> (32 - 8 * (last & 3))).to_be_bytes();
    u32::from_be_bytes(bytes) & 0x7fff_ffff
}

/// All ones for a bit that is set, else zero: of the bit worth eight, and of the one worth four. Behind the black box, as otherwise
/// the compiler makes a choice of a mask, and a conditional move of the choice: the machine check reported it. Both at once, since
/// the box is a way through memory.
#[expect(clippy::cast_possible_truncation, reason = "the lower half is what is asked for")]
fn masks(last: u32) -> (u32, u32) {
    let mask = |bit: u32| u64::from(0_u32.wrapping_sub(bit & 1));
    let both = core::hint::black_box(mask(last >> 3) << 32 | mask(last >> 2));
    ((both >> 32) as u32, both as u32)
}

fn select(mask: u32, set: u32, clear: u32) -> u32 {
    (set & mask) | (clear & !mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_offset_agrees_with_indexing() {
        let mut bytes = [0_u8; 20];
        bytes.iter_mut().zip((0x35_u8..).step_by(7)).for_each(|(byte, value)| *byte = value);
        let words = core::array::from_fn(|i| u32::from_be_bytes(bytes[4 * i..4 * i + 4].try_into().unwrap()));
        for (last, offset) in (0xabcd_ef50_u32..).zip(0..16) {
            let expected = u32::from_be_bytes(bytes[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
            assert_eq!(dynamic(words, last), expected, "offset {offset}");
        }
    }
}
