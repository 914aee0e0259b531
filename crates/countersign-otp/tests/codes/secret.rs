use std::{collections::BTreeSet, convert::Infallible};

use countersign_otp::{Algorithm, Code, Hotp, KeyUri, OtpError, Secret, SecretText, Steam, Totp};
use getrandom::SysRng;
use proptest::prelude::*;
use rand_core::{TryCryptoRng, TryRng};

use super::{at, totp};

/// Counts up, so that every byte asked for is seen.
struct Counting(u8);

impl TryRng for Counting {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        unreachable!("secrets are filled as bytes")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        unreachable!("secrets are filled as bytes")
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for byte in bytes {
            *byte = self.0;
            self.0 += 1;
        }
        Ok(())
    }
}

impl TryCryptoRng for Counting {}

/// Has nothing to give.
struct Empty;

#[derive(Debug, PartialEq)]
struct NothingLeft;

impl std::fmt::Display for NothingLeft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("nothing left")
    }
}

impl std::error::Error for NothingLeft {}

impl TryRng for Empty {
    type Error = NothingLeft;

    fn try_next_u32(&mut self) -> Result<u32, NothingLeft> {
        Err(NothingLeft)
    }

    fn try_next_u64(&mut self) -> Result<u64, NothingLeft> {
        Err(NothingLeft)
    }

    fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), NothingLeft> {
        Err(NothingLeft)
    }
}

impl TryCryptoRng for Empty {}

#[test]
fn every_bit_of_a_fresh_secret_comes_from_the_generator() {
    for (algorithm, bits) in [(Algorithm::Sha1, 160), (Algorithm::Sha256, 256), (Algorithm::Sha512, 512)] {
        let secret = Secret::generate(&mut Counting(1), algorithm).unwrap();
        assert_eq!(secret.bits(), bits);
        assert!(secret.expose_bytes().iter().copied().eq((1..=255).take(bits / 8)));
    }
    assert_eq!(Secret::generate(&mut Empty, Algorithm::Sha1).err(), Some(NothingLeft));
    let fresh: BTreeSet<Vec<u8>> =
        (0..100).map(|_| Secret::generate(&mut SysRng, Algorithm::Sha1).unwrap().expose_bytes().to_vec()).collect();
    assert_eq!(fresh.len(), 100);
}

#[test]
fn lengths_have_bounds() {
    let bytes = [0x5a; 200];
    for (len, strict, short) in [
        (0, Some(OtpError::SecretTooShort), Some(OtpError::SecretTooShort)),
        (1, Some(OtpError::SecretTooShort), Some(OtpError::SecretTooShort)),
        (9, Some(OtpError::SecretTooShort), Some(OtpError::SecretTooShort)),
        (10, Some(OtpError::SecretTooShort), None),
        (15, Some(OtpError::SecretTooShort), None),
        (16, None, None),
        (128, None, None),
        (129, Some(OtpError::SecretTooLong), Some(OtpError::SecretTooLong)),
    ] {
        let text = base32::encode(base32::Alphabet::Rfc4648 { padding: true }, &bytes[..len]);
        assert_eq!(Secret::from_bytes(&bytes[..len]).err(), strict, "{len}");
        assert_eq!(Secret::from_base32(&text).err(), strict, "{len}");
        assert_eq!(Secret::danger_from_short_bytes(&bytes[..len]).err(), short, "{len}");
        assert_eq!(Secret::danger_from_short_base32(&text).err(), short, "{len}");
    }
    assert_eq!(Secret::from_base32(&"A".repeat(10_000)).err(), Some(OtpError::SecretTooLong));
    assert_eq!(Secret::from_base32(&"A".repeat(512)).err(), Some(OtpError::SecretTooLong));
    assert_eq!(Secret::from_base32(&"A-".repeat(256)).err(), Some(OtpError::SecretTooLong));
}

#[test]
fn base32_is_read_leniently_but_not_guessed() {
    let secret = b"12345678901234567890";
    for text in [
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "gezdgnbvgy3tqojqgezdgnbvgy3tqojq",
        "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ",
        "gezd-gnbv-gy3t-qojq-gezd-gnbv-gy3t-qojq",
        " GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ ",
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ======",
    ] {
        assert_eq!(Secret::from_base32(text).unwrap().expose_bytes(), secret, "{text}");
    }
    for text in [
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ0", // look-alikes
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ1",
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ8",
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ9",
        "GEZDGNBVGY3TQOJQ=GEZDGNBVGY3TQOJQ",       // padding inside
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ=======", // more padding than any group has
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQA",       // lengths that no bytes have
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQAAA",
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQAAAAAA",
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQAB", // bits left over
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ AB",
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQAAAB",
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n",
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ\u{212a}", // a Kelvin sign is no K
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQO@`",        // the neighbours of the letters
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQO[{",
    ] {
        assert_eq!(Secret::from_base32(text).err(), Some(OtpError::Base32), "{text}");
    }
}

/// RFC 4648, section 10, as far as a secret can be that short: the groups that end in one to five letters' worth of padding.
#[test]
fn base32_vectors() {
    for (bytes, text) in [
        ("foobarfoobarfoobar", "MZXW6YTBOJTG633CMFZGM33PMJQXE==="),
        ("foobarfoobarfooba", "MZXW6YTBOJTG633CMFZGM33PMJQQ===="),
        ("foobarfoobarfoob", "MZXW6YTBOJTG633CMFZGM33PMI======"),
        ("foobarfoobarfoobarf", "MZXW6YTBOJTG633CMFZGM33PMJQXEZQ="),
        ("foobarfoobarfoobarfo", "MZXW6YTBOJTG633CMFZGM33PMJQXEZTP"),
    ] {
        let secret = Secret::from_base32(text).unwrap();
        assert_eq!(secret.expose_bytes(), bytes.as_bytes());
        assert_eq!(secret.to_base32().expose(), text.trim_end_matches('='));
    }
}

proptest! {
    /// Both ways against another implementation, at every length.
    #[test]
    fn base32_agrees_with_another(bytes in prop::collection::vec(any::<u8>(), 16..=128)) {
        let theirs = base32::encode(base32::Alphabet::Rfc4648 { padding: false }, &bytes);
        let secret = Secret::from_bytes(&bytes).unwrap();
        let ours = secret.to_base32();
        prop_assert_eq!(ours.expose(), &theirs);
        let from_letters = Secret::from_base32(&theirs).unwrap();
        prop_assert_eq!(from_letters.expose_bytes(), &bytes[..]);
        let separated: String = theirs.chars().flat_map(|letter| [letter, '-']).collect();
        let from_separated = Secret::from_base32(&separated.to_lowercase()).unwrap();
        prop_assert_eq!(from_separated.expose_bytes(), &bytes[..]);
    }

    /// What is read is what a strict reader reads, or it is refused.
    #[test]
    fn base32_takes_nothing_that_a_strict_reader_refuses(text in "[A-Z2-7]{26,40}") {
        let theirs = base32::decode(base32::Alphabet::Rfc4648 { padding: false }, &text)
            .filter(|bytes| base32::encode(base32::Alphabet::Rfc4648 { padding: false }, bytes) == text);
        prop_assert_eq!(Secret::from_base32(&text).ok().map(|secret| secret.expose_bytes().to_vec()), theirs);
    }
}

/// Whatever holds a secret or a code says so, and nothing more.
#[test]
fn debug_tells_nothing() {
    let secret = || Secret::from(*b"12345678901234567890");
    let uri = KeyUri::totp(&totp(), "Example", "alice@example.com").unwrap();
    let code: Code = totp().code_at(at(59));
    let text: SecretText = secret().to_base32();
    let shown = format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        secret(),
        totp(),
        Hotp::new(secret()),
        Steam::new(secret()),
        Totp::new(secret()).algorithm(Algorithm::Sha512),
        uri,
        text,
        code,
    );
    for part in ["GEZDGNBV", "12345678", "287082", "49, 50, 51"] {
        assert!(!shown.contains(part), "{part} in {shown}");
    }
    assert_eq!(shown.matches("[REDACTED]").count(), 8);
}
