use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// HMAC-SHA256 of one message.
pub(crate) fn of_bytes(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let mut mac = keyed(key);
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// HMAC-SHA256 of several fields, each after its length in eight bytes (big endian), so that moving a byte from one
/// field to the next gives another message.
pub(crate) fn of_fields(key: &[u8; 32], fields: &[&[u8]]) -> [u8; 32] {
    let mut mac = keyed(key);
    for field in fields {
        mac.update(&(field.len() as u64).to_be_bytes());
        mac.update(field);
    }
    mac.finalize().into_bytes().into()
}

fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    // A key of less than one block is padded with zeros (RFC 2104, section 2), which makes this the same as the
    // constructor that takes a slice, without its error.
    let mut block = zeroize::Zeroizing::new([0; 64]);
    block[..key.len()].copy_from_slice(key);
    Hmac::new((&*block).into())
}
