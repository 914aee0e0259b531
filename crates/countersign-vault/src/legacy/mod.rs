//! Reads what other systems have sealed, so that it can be sealed anew. Nothing is ever written in these forms.
//!
//! None of them binds a value to its place: whoever could swap two rows before the import could do so unseen. Each is
//! behind a feature of its own, to be left out again when the import is done.

#[cfg(feature = "legacy-base64")]
mod base64;
#[cfg(feature = "danger-legacy-cbc")]
mod cbc;
#[cfg(feature = "legacy-hex-json")]
mod hex_json;
mod key;

#[cfg(feature = "legacy-base64")]
pub use base64::open_base64;
#[cfg(feature = "danger-legacy-cbc")]
pub use cbc::danger_open_cbc;
#[cfg(feature = "legacy-hex-json")]
pub use hex_json::open_hex_json;
pub use key::LegacyKey;

/// Longest text that is read, in bytes: twice the longest value, for hexadecimal digits, and some for the rest.
const MAX_TEXT_LEN: usize = 2 * crate::Vault::MAX_PLAINTEXT_LEN + 1024;
