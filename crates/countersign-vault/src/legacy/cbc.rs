use aes_gcm::aes::Aes256;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit, block_padding::Pkcs7};
use zeroize::Zeroizing;

use super::{LegacyKey, MAX_TEXT_LEN};
use crate::{DidNotOpen, Plaintext};

/// Opens `IV:ciphertext`, both in hexadecimal digits: AES-256-CBC with PKCS#7 padding (RFC 5652, section 6.3).
///
/// **For a migration tool alone.** CBC proves nothing: a changed text opens to other bytes, and whoever may send texts
/// and learns which of them open can read them all without the key. Never answer a request with what this returns.
///
/// # Errors
/// [`DidNotOpen`], whatever the reason. That it opened does not mean that it was not changed.
pub fn danger_open_cbc(key: &LegacyKey, text: &str) -> Result<Plaintext, DidNotOpen> {
    if text.len() > MAX_TEXT_LEN {
        return Err(DidNotOpen);
    }
    let (iv, ciphertext) = text.split_once(':').ok_or(DidNotOpen)?;
    let iv = base16ct::mixed::decode_vec(iv).map_err(|_| DidNotOpen)?;
    let mut buffer = Zeroizing::new(base16ct::mixed::decode_vec(ciphertext).map_err(|_| DidNotOpen)?);
    let cipher = cbc::Decryptor::<Aes256>::new_from_slices(key.expose_bytes(), &iv).map_err(|_| DidNotOpen)?;
    let len = cipher.decrypt_padded::<Pkcs7>(&mut buffer).map_err(|_| DidNotOpen)?.len();
    // `truncate` leaves the padding in the buffer, which is wiped as a whole.
    buffer.truncate(len);
    Ok(Plaintext::new(buffer))
}
