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
    let mut letters = LETTER;
    let mut rest = 0;
    let mut room = out.chunks_mut(5);
    for eight in text.as_bytes().chunks(8) {
        let mut word = 0_u64;
        for byte in eight {
            let (value, kind) = classify(*byte);
            letters &= kind;
            word = (word << 5) | u64::from(value);
        }
        let bits = eight.len() * 5;
        let bytes = (word << (64 - bits)).to_be_bytes();
        let place = room.next()?;
        // The last room holds three bytes; more than that is left to the other way, which refuses it.
        place.get_mut(..bits / 8)?.copy_from_slice(&bytes[..bits / 8]);
        rest = word & ((1 << (bits % 8)) - 1);
    }
    if publish(letters) != LETTER {
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
    let upper = byte & !(0x20 & within(byte, b'a', b'z'));
    let letter = within(upper, b'A', b'Z');
    let digit = within(byte, b'2', b'7');
    let value = (upper.wrapping_sub(b'A') & letter) | (byte.wrapping_sub(b'2').wrapping_add(26) & digit);
    let kind = (LETTER & (letter | digit))
        | (SEPARATOR & (within(byte, b' ', b' ') | within(byte, b'-', b'-')))
        | (PADDING & within(byte, b'=', b'='));
    (value & 31, kind)
}

/// All ones if `low <= byte <= high`, else zero.
fn within(byte: u8, low: u8, high: u8) -> u8 {
    let (byte, low, high) = (u16::from(byte), u16::from(low), u16::from(high));
    // One of the differences borrows, and so sets all of its upper byte, exactly when the byte is outside.
    let [outside, _] = (byte.wrapping_sub(low) | high.wrapping_sub(byte)).to_be_bytes();
    !outside
}
