use aes_gcm::{
    Aes256Gcm,
    aead::{AeadInOut, KeyInit, Nonce, Tag},
};
use xaes_256_gcm::Xaes256Gcm;

use crate::{DidNotOpen, Format};

/// Encrypts `buffer` in place and gives the tag. `None` if a length is one the algorithm does not take.
pub(crate) fn encrypt(
    format: Format,
    key: &[u8; 32],
    nonce: &[u8],
    associated_data: &[u8],
    buffer: &mut [u8],
) -> Option<[u8; Format::TAG_LEN]> {
    match format {
        Format::Xaes256Gcm => encrypt_with(&Xaes256Gcm::new(key.into()), nonce, associated_data, buffer),
        Format::Aes256Gcm => encrypt_with(&Aes256Gcm::new(key.into()), nonce, associated_data, buffer),
    }
}

/// Decrypts `buffer` in place if the tag, which must have its full size, is right; else leaves it as it is.
pub(crate) fn decrypt(
    format: Format,
    key: &[u8; 32],
    nonce: &[u8],
    associated_data: &[u8],
    buffer: &mut [u8],
    tag: &[u8],
) -> Result<(), DidNotOpen> {
    match format {
        Format::Xaes256Gcm => decrypt_with(&Xaes256Gcm::new(key.into()), nonce, associated_data, buffer, tag),
        Format::Aes256Gcm => decrypt_with(&Aes256Gcm::new(key.into()), nonce, associated_data, buffer, tag),
    }
}

fn encrypt_with<C: AeadInOut>(
    cipher: &C,
    nonce: &[u8],
    associated_data: &[u8],
    buffer: &mut [u8],
) -> Option<[u8; Format::TAG_LEN]> {
    let nonce = <&Nonce<C>>::try_from(nonce).ok()?;
    let tag = cipher.encrypt_inout_detached(nonce, associated_data, buffer.into()).ok()?;
    tag.as_slice().try_into().ok()
}

pub(crate) fn decrypt_with<C: AeadInOut>(
    cipher: &C,
    nonce: &[u8],
    associated_data: &[u8],
    buffer: &mut [u8],
    tag: &[u8],
) -> Result<(), DidNotOpen> {
    let nonce = <&Nonce<C>>::try_from(nonce).map_err(|_| DidNotOpen)?;
    let tag = <&Tag<C>>::try_from(tag).map_err(|_| DidNotOpen)?;
    cipher.decrypt_inout_detached(nonce, associated_data, buffer.into(), tag).map_err(|_| DidNotOpen)
}
