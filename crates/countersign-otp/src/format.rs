//! The characters of a code, packed into one word, so that a code is built, read and compared as a whole.
//!
//! Nothing here branches on, or indexes by, a character or a value.

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

/// How the 31 bits of a truncated HMAC are written.
#[derive(Clone, Copy)]
pub(crate) enum Format {
    Decimal(Digits),
    Steam,
}

impl Format {
    /// How many characters a code has.
    pub(crate) const fn len(self) -> u8 {
        match self {
            Self::Decimal(digits) => digits.get(),
            Self::Steam => 5,
        }
    }

    #[inline]
    pub(crate) fn write(self, value: u32) -> Packed {
        match self {
            Self::Decimal(digits) => decimal(value, digits),
            Self::Steam => steam(value),
        }
    }

    /// Reads exactly as many characters as a code has, skipping ASCII spaces and nothing else. `None` if the input is longer
    /// than any code with its spaces; otherwise the work depends on the length alone.
    #[inline]
    pub(crate) fn read(self, input: &str) -> Option<Candidate> {
        match self {
            Self::Decimal(digits) => read(input, digits.get(), |byte| below(byte.wrapping_sub(b'0'), 10)),
            Self::Steam => read(input, 5, |byte| STEAM.iter().fold(0, |any, letter| any | below(byte ^ letter, 1))),
        }
    }
}

/// What somebody typed: its characters, and whether there are as many as a code has and none that a code cannot have.
pub(crate) struct Candidate {
    pub(crate) packed: Packed,
    pub(crate) well_formed: Choice,
}

/// Input longer than this is refused unread. A code has eight characters at most; the rest is room for spaces.
const MAX_INPUT: usize = 32;

/// The letters of Steam's codes, without those that are easily mistaken for another.
const STEAM: &[u8; 26] = b"23456789BCDFGHJKMNPQRTVWXY";

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

/// The decimal digits of `value` modulo `10^digits`, with leading zeros (RFC 4226, section 5.3).
#[inline]
fn decimal(value: u32, digits: Digits) -> Packed {
    // All eight digits at once: halves of four in lanes of 32 bits, quarters of two in lanes of 16, then one to a byte,
    // the first in the lowest. Each divisor is a constant, so that no division instruction, whose time may depend on the
    // value, is left; further down the multiplications divide by 100 and by 10, exactly so for what a lane can hold.
    let (fours, eights) = (value / 10_000, value / 100_000_000);
    let fours = u64::from(fours - eights * 10_000) | (u64::from(value - fours * 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x7f_0000_007f;
    let twos = hundreds | ((fours - hundreds * 100) << 16);
    let tens = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
    let ones = (tens | ((twos - tens * 10) << 8)) & 0x0f0f_0f0f_0f0f_0f0f;
    let unused = 8 * (8 - u32::from(digits.get()));
    Packed((ones | 0x3030_3030_3030_3030).swap_bytes() & (u64::MAX >> unused))
}

/// Five letters, the lowest of the number in base 26 first.
fn steam(value: u32) -> Packed {
    let mut rest = value;
    let mut packed = 0;
    for _ in 0..5 {
        let (digit, mut letter) = (rest % 26, 0);
        for (candidate, value) in STEAM.iter().zip(0..) {
            letter |= u64::from(*candidate) & !0_u64.wrapping_sub(u64::from(value ^ digit).wrapping_neg() >> 63);
        }
        // The mask changes nothing, but shows the machine check that a letter is ASCII whatever the value is.
        packed = (packed << 8) | (letter & core::hint::black_box(0x7f));
        rest /= 26;
    }
    Packed(packed)
}

/// All ones if `byte < limit`, else zero.
fn below(byte: u8, limit: u8) -> u64 {
    0_u64.wrapping_sub(u64::from(byte).wrapping_sub(u64::from(limit)) >> 63)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_at_once_agree_with_formatting() {
        let edges = (0..10_000).chain((0..10_000).map(|four| four * 10_000 + 9_999)).chain([0x7fff_ffff, 0x7fff_fffe]);
        for value in edges.chain((0..0x7fff_ffff).step_by(99_991)) {
            let text = std::format!("{value:010}");
            for (digits, code) in [(Digits::SIX, &text[4..]), (Digits::SEVEN, &text[3..]), (Digits::EIGHT, &text[2..])]
            {
                let expected = code.bytes().fold(0, |packed, byte| (packed << 8) | u64::from(byte));
                assert_eq!(decimal(value, digits).0, expected, "{value} to {digits} digits");
            }
        }
    }
}
