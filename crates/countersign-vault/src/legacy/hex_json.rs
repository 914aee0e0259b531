use aes_gcm::{
    AesGcm,
    aead::{KeyInit, consts::U16},
    aes::Aes256,
};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{LegacyKey, MAX_TEXT_LEN};
use crate::{DidNotOpen, Plaintext, cipher};

/// Opens `{"encrypted":"…","iv":"…","authTag":"…"}`: AES-256-GCM with an IV of 16 bytes and a tag of 16 bytes, all in
/// hexadecimal digits, as many programs on Node's `crypto` write it. Fields in any order, none twice, no others.
///
/// # Errors
/// [`DidNotOpen`], whatever the reason; a shorter tag is one.
pub fn open_hex_json(key: &LegacyKey, text: &str) -> Result<Plaintext, DidNotOpen> {
    if text.len() > MAX_TEXT_LEN {
        return Err(DidNotOpen);
    }
    let form: Form = serde_json::from_str(text).map_err(|_| DidNotOpen)?;
    let decode = |text: &str| base16ct::mixed::decode_vec(text).map_err(|_| DidNotOpen);
    let (nonce, tag) = (decode(&form.iv)?, decode(&form.auth_tag)?);
    let mut buffer = Zeroizing::new(decode(&form.encrypted)?);
    // The sizes of nonce and tag are checked with the types of this cipher: 16 and 16 bytes.
    let cipher = AesGcm::<Aes256, U16>::new(key.expose_bytes().into());
    cipher::decrypt_with(&cipher, &nonce, &[], &mut buffer, &tag)?;
    Ok(Plaintext::new(buffer))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    encrypted: String,
    iv: String,
    #[serde(rename = "authTag")]
    auth_tag: String,
}
