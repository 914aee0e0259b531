use aes_gcm::{Aes256Gcm, aead::KeyInit};
use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

use super::{LegacyKey, MAX_TEXT_LEN};
use crate::{DidNotOpen, Format, Plaintext, cipher};

const NONCE_LEN: usize = 12;

/// Opens `Base64(IV ‖ tag ‖ ciphertext)`: AES-256-GCM with an IV of 12 bytes and a tag of 16 bytes, in Base64 with
/// padding (RFC 4648, section 4).
///
/// # Errors
/// [`DidNotOpen`], whatever the reason.
pub fn open_base64(key: &LegacyKey, text: &str) -> Result<Plaintext, DidNotOpen> {
    if text.len() > MAX_TEXT_LEN {
        return Err(DidNotOpen);
    }
    let data = Base64::decode_vec(text).map_err(|_| DidNotOpen)?;
    let (nonce, rest) = data.split_at_checked(NONCE_LEN).ok_or(DidNotOpen)?;
    let (tag, ciphertext) = rest.split_at_checked(Format::TAG_LEN).ok_or(DidNotOpen)?;
    let mut buffer = Zeroizing::new(ciphertext.to_vec());
    cipher::decrypt_with(&Aes256Gcm::new(key.expose_bytes().into()), nonce, &[], &mut buffer, tag)?;
    Ok(Plaintext::new(buffer))
}
