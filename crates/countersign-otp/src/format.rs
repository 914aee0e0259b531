//! The characters of a code, packed into one word, so that a code is built, read and compared as a whole.

use subtle::{Choice, ConstantTimeEq};

use crate::Digits;

/// Up to eight ASCII characters, the last in the lowest byte, zeros above.
#[derive(Clone, Copy)]
pub(crate) struct Packed(pub(crate) u64);

impl Packed {
    pub(crate) fn same(self, other: Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

/// Input longer than this is refused unread. A code has eight characters at most; the rest is room for spaces.
const MAX_INPUT: usize = 32;

/// The decimal digits of `value` modulo `10^digits`, with leading zeros (RFC 4226, section 5.3).
#[inline]
pub(crate) fn decimal(value: u32, digits: Digits) -> Packed {
    // Each divisor is a constant, so that no division instruction, whose time may depend on the value, is left.
    let mut rest = match digits.get() {
        6 => value % 1_000_000,
        7 => value % 10_000_000,
        _ => value % 100_000_000,
    };
    let mut packed = 0;
    for place in 0..digits.get() {
        packed |= u64::from(0x30 | ((rest % 10) & 0xf)) << (8 * place);
        rest /= 10;
    }
    Packed(packed)
}

/// What somebody typed: its characters, and whether there are as many as a code has and none that a code cannot have.
pub(crate) struct Candidate {
    pub(crate) packed: Packed,
    pub(crate) well_formed: Choice,
}

/// Reads exactly `digits` ASCII digits, skipping ASCII spaces and nothing else. `None` if the input is longer than any code
/// with its spaces; otherwise the work depends on the length alone.
pub(crate) fn read_decimal(input: &str, digits: Digits) -> Option<Candidate> {
    read(input, digits.get(), |byte| below(byte.wrapping_sub(b'0'), 10))
}

/// Reads exactly `len` characters for which `belongs` gives all ones, not zero.
fn read(input: &str, len: u8, belongs: impl Fn(u8) -> u64) -> Option<Candidate> {
    if input.len() > MAX_INPUT {
        return None;
    }
    let (mut packed, mut count, mut foreign) = (0_u64, 0_u64, 0_u64);
    for byte in input.bytes() {
        let takes = belongs(byte);
        packed = (((packed << 8) | u64::from(byte)) & takes) | (packed & !takes);
        count += takes & 1;
        foreign |= !takes & !below(byte ^ b' ', 1);
    }
    let well_formed = count.ct_eq(&u64::from(len)) & foreign.ct_eq(&0);
    Some(Candidate { packed: Packed(packed), well_formed })
}

/// All ones if `byte < limit`, else zero.
fn below(byte: u8, limit: u8) -> u64 {
    0_u64.wrapping_sub(u64::from(byte).wrapping_sub(u64::from(limit)) >> 63)
}
