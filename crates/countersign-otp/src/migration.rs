//! The export format of Google Authenticator: `otpauth-migration://offline?data=`, in one QR code or several.
//!
//! The format is not documented by its maker; this follows the protocol buffer that the app writes. It has SHA-1, SHA-256, SHA-512 and
//! MD5, six and eight digits, and no period: that is always 30 seconds.
//!
//! ```
//! use countersign_otp::{KeyUri, Secret, Totp, migration::{self, Assembly}};
//!
//! let totp = Totp::new(Secret::from(*b"12345678901234567890"));
//! let export = migration::encode(&[KeyUri::totp(&totp, "Example", "alice@example.com")?], 7)?;
//!
//! let mut assembly = Assembly::default();
//! for text in &export {
//!     assembly.add(migration::decode(text.expose())?)?;
//! }
//! let entries = assembly.finish()?;
//! assert_eq!(entries[0].as_ref().unwrap().account(), "alice@example.com");
//! # Ok::<(), countersign_otp::OtpError>(())
//! ```

mod assembly;
mod entry;
mod wire;

use alloc::{string::String, vec::Vec};

use base64ct::{Base64, Encoding as _};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use zeroize::{Zeroize, Zeroizing};

pub use assembly::Assembly;
pub use entry::Refused;

use crate::{KeyUri, OtpError, Secret, SecretText};
use wire::{Field, Reader, Writer};

const PREFIX: &str = "otpauth-migration://offline?";

/// The longest text that is read, in bytes: more than the largest QR code can hold.
pub const MAX_BYTES: usize = 8192;

/// How many entries go into one text. The app uses as many, so that the QR code stays readable.
pub const ENTRIES_PER_TEXT: usize = 10;

/// What one text of an export holds.
#[derive(Debug)]
pub struct Batch {
    /// Which export it belongs to. All texts of one export have the same.
    pub id: i32,
    /// Which of the texts this is, from 0.
    pub index: usize,
    /// How many texts the export has, at least 1.
    pub size: usize,
    /// The entries, in order. One that this crate does not take is refused by itself and leaves the others be.
    pub entries: Vec<Result<KeyUri, Refused>>,
}

/// Reads one text of an export.
///
/// # Errors
/// [`OtpError::UriTooLong`]; [`OtpError::UriKind`] if it is not such a text; [`OtpError::Migration`] if what it holds cannot be read.
pub fn decode(text: &str) -> Result<Batch, OtpError> {
    read(text, Secret::from_bytes)
}

/// As [`decode`], for secrets that exist already and are shorter than they should be: see [`Secret::danger_from_short_bytes`].
///
/// # Errors
/// As [`decode`].
pub fn danger_decode_short(text: &str) -> Result<Batch, OtpError> {
    read(text, Secret::danger_from_short_bytes)
}

/// Writes an export: one text for every ten entries, at least one. `id` tells exports apart; any number does.
///
/// # Errors
/// [`OtpError::Inexpressible`] for an entry with seven digits, another period than 30 seconds, or Steam's alphabet, none of which the
/// format has.
pub fn encode(entries: &[KeyUri], id: i32) -> Result<Vec<SecretText>, OtpError> {
    let size = entries.len().div_ceil(ENTRIES_PER_TEXT).max(1);
    let batch = |index: usize| entries.iter().skip(index * ENTRIES_PER_TEXT).take(ENTRIES_PER_TEXT);
    (0..size).map(|index| write(batch(index), index, size, id)).collect()
}

fn read(text: &str, read_secret: fn(&[u8]) -> Result<Secret, OtpError>) -> Result<Batch, OtpError> {
    if text.len() > MAX_BYTES {
        return Err(OtpError::UriTooLong);
    }
    let (start, query) = text.split_at_checked(PREFIX.len()).ok_or(OtpError::UriKind)?;
    if !start.eq_ignore_ascii_case(PREFIX) {
        return Err(OtpError::UriKind);
    }
    let data = query.split('&').find_map(|pair| pair.strip_prefix("data=")).ok_or(OtpError::Migration)?;
    let payload = base64(data)?;

    let mut batch = Batch { id: 0, index: 0, size: 1, entries: Vec::new() };
    let mut reader = Reader::new(&payload);
    while let Some((number, field)) = reader.next()? {
        match (number, field) {
            (1, Field::Bytes(bytes)) => batch.entries.push(entry::read(bytes, read_secret)?),
            (3, Field::Varint(size)) => batch.size = usize::try_from(size).map_err(|_| OtpError::Migration)?,
            (4, Field::Varint(index)) => batch.index = usize::try_from(index).map_err(|_| OtpError::Migration)?,
            // A negative number of 32 bits is written with the sign extended to 64.
            (5, Field::Varint(id)) => batch.id = i32::try_from(id.cast_signed()).map_err(|_| OtpError::Migration)?,
            // 2 is the version, which has not changed what is read here; others are unknown.
            _ => {}
        }
    }
    // Zero is what the format leaves out.
    batch.size = batch.size.max(1);
    if batch.index >= batch.size || batch.size > Assembly::MAX_BATCHES {
        return Err(OtpError::Migration);
    }
    Ok(batch)
}

/// The bytes of the `data` parameter, percent-encoded Base64. Some writers leave the `+` of Base64 as it is and some readers make a
/// space of it, so a space counts as one.
fn base64(data: &str) -> Result<Zeroizing<Vec<u8>>, OtpError> {
    let text = Zeroizing::new(percent_decode_str(data).collect::<Vec<u8>>());
    let text = core::str::from_utf8(&text).map_err(|_| OtpError::Migration)?;
    let mut plain = Zeroizing::new(String::with_capacity(text.len() + 4));
    plain.extend(text.trim_end_matches('=').chars().map(|letter| if letter == ' ' { '+' } else { letter }));
    let missing = plain.len().wrapping_neg() % 4;
    plain.extend(core::iter::repeat_n('=', missing));
    Base64::decode_vec(&plain).map(Zeroizing::new).map_err(|_| OtpError::Migration)
}

fn write<'a>(
    entries: impl Iterator<Item = &'a KeyUri>,
    index: usize,
    size: usize,
    id: i32,
) -> Result<SecretText, OtpError> {
    let mut writer = Writer::default();
    for uri in entries {
        let mut entry = Writer::default();
        entry::write(uri, &mut entry)?;
        writer.bytes(1, entry.as_bytes());
    }
    writer.varint(2, 1);
    writer.varint(3, size as u64);
    writer.varint(4, index as u64);
    writer.varint(5, i64::from(id).cast_unsigned());

    let mut data = Base64::encode_string(writer.as_bytes());
    let mut text = String::with_capacity(PREFIX.len() + 5 + data.len() * 3);
    text.push_str(PREFIX);
    text.push_str("data=");
    text.extend(utf8_percent_encode(&data, NON_ALPHANUMERIC));
    data.zeroize();
    Ok(SecretText::new(text))
}
