use subtle::{Choice, ConstantTimeEq, ConstantTimeLess};

use crate::{VaultError, public::publish};

/// Refuses keys that nobody's generator made: a random key fails any of these with a chance below 2^-40.
///
/// All rules look at the whole key; only what they find is public.
pub(crate) fn refuse(key: &[u8; 32]) -> Result<(), VaultError> {
    let step = key[1].wrapping_sub(key[0]);
    let rules = [
        (any((1..=key.len() / 2).map(|period| key[period..].ct_eq(&key[..key.len() - period]))), "it repeats itself"),
        (all(key.windows(2).map(|pair| pair[1].wrapping_sub(pair[0]).ct_eq(&step))), "it is a sequence"),
        (all(key.iter().map(|byte| byte.wrapping_sub(b' ').ct_lt(&95))), "it is text, not random bytes"),
        (distinct(key).ct_lt(&12), "it has too few different bytes"),
        (any(PUBLISHED.iter().map(|published| published.ct_eq(key))), "it was published as an example"),
    ];
    match rules.into_iter().find(|(weak, _)| publish(weak.unwrap_u8()) == 1) {
        Some((_, reason)) => Err(VaultError::WeakKey(reason)),
        None => Ok(()),
    }
}

fn any(choices: impl Iterator<Item = Choice>) -> Choice {
    choices.fold(Choice::from(0), |any, choice| any | choice)
}

fn all(choices: impl Iterator<Item = Choice>) -> Choice {
    choices.fold(Choice::from(1), |all, choice| all & choice)
}

/// Bytes that are equal to none before them.
fn distinct(key: &[u8; 32]) -> u8 {
    key.iter()
        .enumerate()
        .map(|(at, byte)| (!any(key[..at].iter().map(|earlier| earlier.ct_eq(byte)))).unwrap_u8())
        .sum()
}

/// Keys that documents print and people copy, beyond the sequences and repetitions that the rules above catch.
const PUBLISHED: [[u8; 32]; 9] = [
    // NIST SP 800-38A, appendix F: AES-256.
    hex(b"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"),
    // The example key of the Fernet specification's best known implementation.
    hex(b"730ff4c7af3d46923e8ed451ee813c87f790b0a226bc96a92de49b5e9c05e1ee"),
    // SHA-256 of nothing, and of the words that stand in for a secret: "password", "secret", "changeme", "test",
    // "key", "admin", "example".
    hex(b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    hex(b"5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"),
    hex(b"2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"),
    hex(b"057ba03d6c44104863dc7361fe4578965d1887360f90a0895882e58a6248fc86"),
    hex(b"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
    hex(b"2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683"),
    hex(b"50d858e0985ecc7f60418aaf0cc5ab587f42c2570a884095a9e8ccacd0f6545c"),
];

const fn hex(text: &[u8; 64]) -> [u8; 32] {
    let mut bytes = [0; 32];
    let mut at = 0;
    while at < 32 {
        bytes[at] = digit(text[2 * at]) << 4 | digit(text[2 * at + 1]);
        at += 1;
    }
    bytes
}

const fn digit(character: u8) -> u8 {
    match character {
        b'0'..=b'9' => character - b'0',
        b'a'..=b'f' => character - b'a' + 10,
        _ => panic!("not a hexadecimal digit"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: impl Fn(u8) -> u8) -> [u8; 32] {
        let mut key = [0; 32];
        (0..32).zip(&mut key).for_each(|(at, slot)| *slot = byte(at));
        key
    }

    fn reason(key: [u8; 32]) -> &'static str {
        match refuse(&key) {
            Err(VaultError::WeakKey(reason)) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_kind_of_weak_key_is_named() {
        assert_eq!(reason([0; 32]), "it repeats itself");
        assert_eq!(reason([0xff; 32]), "it repeats itself");
        assert_eq!(reason(std::array::from_fn(|i| b"\x8aLo\x05"[i % 4])), "it repeats itself");
        assert_eq!(reason(key(|i| (i % 16).wrapping_mul(i % 16).wrapping_mul(7))), "it repeats itself");
        assert_eq!(reason(key(|i| i)), "it is a sequence");
        assert_eq!(reason(key(|i| 0x80 + i)), "it is a sequence");
        assert_eq!(reason(key(|i| 255 - i)), "it is a sequence");
        assert_eq!(reason(key(|i| i.wrapping_mul(17))), "it is a sequence");
        assert_eq!(reason(*b"0123456789abcdef0123456789abcdeg"), "it is text, not random bytes");
        assert_eq!(reason(*b"correct horse battery staple 42!"), "it is text, not random bytes");
        let mut few = [0; 32];
        few[31] = 1;
        assert_eq!(reason(few), "it has too few different bytes");
        for key in PUBLISHED {
            assert_eq!(reason(key), "it was published as an example");
        }
    }
}
