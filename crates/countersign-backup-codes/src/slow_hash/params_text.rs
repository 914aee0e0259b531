use std::fmt;

use super::kdf::{Kdf, Kind};
use crate::BackupCodesError;

const ARGON2ID: &str = "$argon2id$v=19$";
const PBKDF2: &str = "$pbkdf2-sha256$";

impl fmt::Display for Kdf {
    /// `$argon2id$v=19$m=19456,t=2,p=1` or `$pbkdf2-sha256$i=600000`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind() {
            Kind::Argon2id { memory_kib, iterations, lanes } => {
                write!(f, "{ARGON2ID}m={memory_kib},t={iterations},p={lanes}")
            }
            Kind::Pbkdf2HmacSha256 { iterations } => write!(f, "{PBKDF2}i={iterations}"),
        }
    }
}

/// Reads what `Display` writes, and nothing else, save that PBKDF2 may name its output length (`,l=32`), as others do.
pub(crate) fn parse(text: &str) -> Result<Kind, BackupCodesError> {
    read(text).ok_or(BackupCodesError::Stored("slow hash"))
}

fn read(text: &str) -> Option<Kind> {
    if let Some(params) = text.strip_prefix(ARGON2ID) {
        let mut params = params.split(',');
        let kind = Kind::Argon2id {
            memory_kib: number(params.next()?, "m=")?,
            iterations: number(params.next()?, "t=")?,
            lanes: number(params.next()?, "p=")?,
        };
        return params.next().is_none().then_some(kind);
    }
    let mut params = text.strip_prefix(PBKDF2)?.split(',');
    let kind = Kind::Pbkdf2HmacSha256 { iterations: number(params.next()?, "i=")? };
    match (params.next(), params.next()) {
        (None, _) | (Some("l=32"), None) => Some(kind),
        _ => None,
    }
}

/// A plain decimal number: no sign, no leading zero.
fn number(text: &str, name: &str) -> Option<u32> {
    let digits = text.strip_prefix(name)?;
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    if plain { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for kdf in [Kdf::default(), Kdf::argon2id(65_536, 3, 4).unwrap(), Kdf::pbkdf2_hmac_sha256(600_000).unwrap()] {
            assert_eq!(Kdf::danger_parse(&kdf.to_string()).unwrap(), kdf);
        }
        assert_eq!(Kdf::default().to_string(), "$argon2id$v=19$m=19456,t=2,p=1");
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in [
            "",
            "$argon2id$v=19$",
            "$argon2i$v=19$m=19456,t=2,p=1",
            "$argon2id$m=19456,t=2,p=1",
            "$argon2id$v=16$m=19456,t=2,p=1",
            "$argon2id$v=19$m=+19456,t=2,p=1",
            "$argon2id$v=19$m=019456,t=2,p=1",
            "$argon2id$v=19$m=19456,t=2,p=1,",
            "$argon2id$v=19$m=19456,t=2,p=1,data=",
            "$argon2id$v=19$t=2,m=19456,p=1",
            "$argon2id$v=19$m=19456,t=2",
            "$argon2id$v=19$m=4294967296,t=2,p=1",
            "$argon2id$v=19$m=7,t=1,p=1",
            "$argon2id$v=19$m=19456,t=0,p=1",
            "$pbkdf2-sha256$i=0",
            "$pbkdf2-sha256$i=600000,l=20",
            "$pbkdf2-sha256$i=600000,l=32,",
            "$pbkdf2-sha1$i=600000",
        ] {
            assert!(Kdf::danger_parse(text).is_err(), "{text:?} was read");
        }
    }

    #[test]
    fn the_floor_does_not_hold_for_what_is_stored_and_the_ceiling_does() {
        assert!(Kdf::danger_parse("$argon2id$v=19$m=4096,t=3,p=1").is_ok());
        assert!(Kdf::danger_parse("$pbkdf2-sha256$i=1000").is_ok());
        for text in
            ["$argon2id$v=19$m=4194304,t=1,p=1", "$argon2id$v=19$m=19456,t=1000,p=1", "$pbkdf2-sha256$i=4000000000"]
        {
            assert!(matches!(Kdf::danger_parse(text), Err(BackupCodesError::TooCostly(_))), "{text}");
        }
    }
}
