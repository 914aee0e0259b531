//! Crockford's Base32, without a branch or a table look-up on what the symbols are.

use std::hint::black_box;

use crate::public::publish;

/// Bits that one symbol holds.
pub(crate) const BITS: usize = 5;

/// The symbol of a value below 32: `0` to `9`, then `A` to `Z` without `I`, `L`, `O`, `U`.
pub(crate) fn symbol(value: u8) -> u8 {
    let letters = at_least(value, 10) * (b'A' - b'0' - 10);
    // Each step leaves out one letter: I, L, O, U.
    let left_out = at_least(value, 18) + at_least(value, 20) + at_least(value, 22) + at_least(value, 27);
    b'0' + value + letters + left_out
}

/// What a typed character stands for.
pub(crate) enum Typed {
    /// A symbol, in its one spelling: upper case, `O` as `0`, `I` and `L` as `1`.
    Symbol(u8),
    /// A space or a dash, to be skipped.
    Separator,
    /// Neither: this is no code.
    Foreign,
}

/// Reads one typed byte. Which of the three it is is public; which symbol it is is not.
pub(crate) fn typed(byte: u8) -> Typed {
    let upper = byte - (b'a' - b'A') * (at_least(byte, b'a') & at_most(byte, b'z'));
    let zero = equal(upper, b'O');
    let one = equal(upper, b'I') | equal(upper, b'L');
    let symbol = select(one, b'1', select(zero, b'0', upper));
    let digit = at_least(symbol, b'0') & at_most(symbol, b'9');
    let letter = at_least(symbol, b'A') & at_most(symbol, b'Z') & (1 - equal(symbol, b'U'));
    match publish(2 * (digit | letter) + (equal(byte, b' ') | equal(byte, b'-'))) {
        0 => Typed::Foreign,
        1 => Typed::Separator,
        _ => Typed::Symbol(symbol),
    }
}

/// 1 if `a >= b`, else 0.
fn at_least(a: u8, b: u8) -> u8 {
    1 - less(a, b)
}

/// 1 if `a <= b`, else 0.
fn at_most(a: u8, b: u8) -> u8 {
    1 - less(b, a)
}

/// 1 if `a < b`, else 0: the borrow of the subtraction.
fn less(a: u8, b: u8) -> u8 {
    // The compiler must not see that there are but two outcomes, or it may branch on which one it is: it did.
    black_box(u16::from(a).wrapping_sub(u16::from(b)).to_be_bytes()[0] >> 7)
}

/// 1 if `a == b`, else 0.
fn equal(a: u8, b: u8) -> u8 {
    1 - less(0, a ^ b)
}

/// `a` if `choice` is 1, `b` if it is 0.
fn select(choice: u8, a: u8, b: u8) -> u8 {
    b ^ ((a ^ b) & 0u8.wrapping_sub(choice))
}

#[cfg(test)]
mod tests {
    use base32::Alphabet;

    use super::*;

    #[test]
    fn symbols_are_those_of_an_independent_encoder() {
        for value in 0..32 {
            let theirs = base32::encode(Alphabet::Crockford, &[value << 3]);
            assert_eq!(symbol(value), theirs.as_bytes()[0], "{value}");
        }
    }

    #[test]
    fn every_byte_is_read_as_an_independent_decoder_reads_it() {
        for byte in 0..=u8::MAX {
            // Theirs knows upper case alone; the second character makes up a whole byte.
            let upper = char::from(byte).to_ascii_uppercase();
            let theirs = base32::decode(Alphabet::Crockford, &format!("{upper}0")).map(|bytes| symbol(bytes[0] >> 3));
            let ours = match typed(byte) {
                Typed::Symbol(symbol) => Some(symbol),
                Typed::Separator => {
                    assert!(matches!(byte, b' ' | b'-'), "{byte}");
                    None
                }
                Typed::Foreign => None,
            };
            assert_eq!(ours, theirs, "{byte} {upper:?}");
        }
    }
}
