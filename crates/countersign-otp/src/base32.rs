//! Base32 (RFC 4648, section 6) whose work does not depend on the letters: no table, no branch on a value.

use zeroize::Zeroize;

use crate::{OtpError, public::publish};

/// No text that stands for 128 bytes (205 letters) needs to be longer, even with a separator between any two letters.
const MAX_TEXT: usize = 512;

/// Decodes `text` into the front of `out` and tells how many bytes that made. What lies behind them is undefined.
pub(crate) fn decode(text: &str, out: &mut [u8; 128]) -> Result<u8, OtpError> {
    if text.len() > MAX_TEXT {
        return Err(OtpError::SecretTooLong);
    }
    // Most texts are letters alone, and for those one look at the outcome is enough.
    decode_letters(text, out).unwrap_or_else(|| decode_any(text, out))
}

/// Decodes a text of letters alone, without padding. `None` if it is another.
fn decode_letters(text: &str, out: &mut [u8; 128]) -> Option<Result<u8, OtpError>> {
    let mut foreign = 0;
    let mut rest = 0;
    let mut room = out.chunks_mut(5);
    for chunk in text.as_bytes().chunks(8) {
        // Whole groups, which are nearly all, are moved as one; copying by length costs as much as decoding.
        let eight = chunk.first_chunk().copied().unwrap_or_else(|| {
            // An `A` stands for zero bits.
            let mut eight = [b'A'; 8];
            eight.iter_mut().zip(chunk).for_each(|(place, letter)| *place = *letter);
            eight
        });
        let (bits, strangers) = values(u64::from_be_bytes(eight));
        foreign |= strangers;
        let whole = chunk.len() * 5 / 8;
        let [_, _, _, bytes @ ..] = bits.to_be_bytes();
        let place = room.next()?;
        match place.first_chunk_mut() {
            Some(place) if whole == 5 => *place = bytes,
            // The last room holds three bytes; more than that is left to the other way, which refuses it.
            _ => place.get_mut(..whole)?.copy_from_slice(&bytes[..whole]),
        }
        rest = bits & ((1 << (40 - 8 * whole)) - 1);
    }
    if publish(u8::from(foreign != 0)) != 0 {
        return None;
    }
    Some(finish(text.len(), text.len() * 5 / 8, rest))
}

/// Decodes any text, looking at each character for what kind it is.
fn decode_any(text: &str, out: &mut [u8; 128]) -> Result<u8, OtpError> {
    let mut letters = 0_usize;
    let mut padding = 0_usize;
    let mut len = 0_usize;
    let mut bits = Bits::default();
    for byte in text.bytes() {
        let (value, kind) = classify(byte);
        // Where the separators and the padding stand is no secret.
        match publish(kind) {
            LETTER if padding == 0 => {
                letters += 1;
                if let Some(byte) = bits.push(value) {
                    *out.get_mut(len).ok_or(OtpError::SecretTooLong)? = byte;
                    len += 1;
                }
            }
            SEPARATOR => {}
            PADDING if padding < 6 => padding += 1,
            _ => return Err(OtpError::Base32),
        }
    }
    finish(letters, len, bits.rest())
}

/// The number of bytes, if as many letters can come from whole bytes and no bit is left over.
fn finish(letters: usize, len: usize, rest: u64) -> Result<u8, OtpError> {
    // One, three or six letters beyond a group of eight cannot come from whole bytes.
    let left_over = publish(u8::from(rest != 0)) != 0;
    if matches!(letters % 8, 1 | 3 | 6) || left_over {
        return Err(OtpError::Base32);
    }
    u8::try_from(len).map_err(|_| OtpError::SecretTooLong)
}

/// Encodes `bytes` in upper case, without padding.
#[cfg(feature = "alloc")]
pub(crate) fn encode(bytes: &[u8]) -> crate::SecretText {
    let mut text = alloc::string::String::with_capacity((bytes.len() * 8).div_ceil(5));
    for group in bytes.chunks(5) {
        let mut five = [0; 5];
        five[..group.len()].copy_from_slice(group);
        let [a, b, c, d, e] = five;
        let values = [a >> 3, a << 2 | b >> 6, b >> 1, b << 4 | c >> 4, c << 1 | d >> 7, d >> 2, d << 3 | e >> 5, e];
        for value in &values[..(group.len() * 8).div_ceil(5)] {
            text.push(char::from(encode_letter(value & 31)));
        }
        five.zeroize();
    }
    crate::SecretText::new(text)
}

/// `A` to `Z` for 0 to 25, `2` to `7` for 26 to 31.
#[cfg(feature = "alloc")]
fn encode_letter(value: u8) -> u8 {
    // `25 - value` borrows, and so sets all of the upper byte, exactly for the digits; these lie 41 below where the letters
    // would go on.
    let [is_digit, ..] = 25_u16.wrapping_sub(u16::from(value)).to_be_bytes();
    (value + b'A' - (41 & is_digit)) & 0x7f
}

/// The bits of letters that do not make a byte yet.
#[derive(Default)]
struct Bits {
    word: u16,
    count: u8,
}

impl Bits {
    fn push(&mut self, value: u8) -> Option<u8> {
        self.word = (self.word << 5) | u16::from(value);
        self.count += 5;
        if self.count < 8 {
            return None;
        }
        self.count -= 8;
        let [_, byte] = (self.word >> self.count).to_be_bytes();
        Some(byte)
    }

    fn rest(&self) -> u64 {
        u64::from(self.word & ((1 << self.count) - 1))
    }
}

impl Drop for Bits {
    fn drop(&mut self) {
        self.word.zeroize();
    }
}

const LETTER: u8 = 1;
const SEPARATOR: u8 = 2;
const PADDING: u8 = 4;

/// The value of a letter and what kind of character it is, by masks.
fn classify(byte: u8) -> (u8, u8) {
    let (bits, foreign) = values(u64::from_be_bytes([b'A', b'A', b'A', b'A', b'A', b'A', b'A', byte]));
    let [.., value] = bits.to_be_bytes();
    let kind = (LETTER & u8::from(foreign == 0))
        | (SEPARATOR & (within(byte, b' ', b' ') | within(byte, b'-', b'-')))
        | (PADDING & within(byte, b'=', b'='));
    (value & 31, kind)
}

/// The 40 bits of eight characters, one to a byte of `word`, the first in the highest; and a bit set for each that is no letter of
/// Base32.
///
/// Works on all eight at once. With its top bit set no byte borrows from the next when something below 128 is taken from it; the top
/// bit that is left then says whether the byte was at least that.
fn values(word: u64) -> (u64, u64) {
    let ascii = word & !TOP;
    let at_least = |bytes: u64, limit: u8| ((bytes | TOP) - EACH * u64::from(limit)) & TOP;
    let between = |bytes: u64, low: u8, high: u8| at_least(bytes, low) & !at_least(bytes, high + 1);
    // A top bit, two places down, is the bit by which small letters differ from capitals.
    let upper = ascii & !(between(ascii, b'a', b'z') >> 2);
    let letter = between(upper, b'A', b'Z');
    let digit = between(ascii, b'2', b'7');
    // From the top bit of a byte to all of its value's bits.
    let five = |tops: u64| (tops >> 3) | (tops >> 4) | (tops >> 5) | (tops >> 6) | (tops >> 7);
    let values = (((upper | TOP) - EACH * u64::from(b'A')) & five(letter))
        | (((ascii | TOP) - EACH * u64::from(b'2' - 26)) & five(digit));
    // Two values side by side, then four, then eight.
    let values = (values & 0x1f00_1f00_1f00_1f00) >> 3 | (values & 0x001f_001f_001f_001f);
    let values = (values & 0x03ff_0000_03ff_0000) >> 6 | (values & 0x0000_03ff_0000_03ff);
    let values = values >> 32 << 20 | (values & 0xf_ffff);
    (values, (word & TOP) | (TOP & !(letter | digit)))
}

/// One in every byte.
const EACH: u64 = 0x0101_0101_0101_0101;
/// The top bit of every byte.
const TOP: u64 = 0x8080_8080_8080_8080;

/// All ones if `low <= byte <= high`, else zero.
fn within(byte: u8, low: u8, high: u8) -> u8 {
    let (byte, low, high) = (u16::from(byte), u16::from(low), u16::from(high));
    // One of the differences borrows, and so sets all of its upper byte, exactly when the byte is outside.
    let [outside, _] = (byte.wrapping_sub(low) | high.wrapping_sub(byte)).to_be_bytes();
    !outside
}
