use std::{fmt, str::FromStr};

use rand_core::TryCryptoRng;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::BackupCodesError;

/// Names one set of codes: 16 random bytes, which are also its salt, written as 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SetId([u8; 16]);

impl SetId {
    pub(crate) fn generate<R: TryCryptoRng + ?Sized>(rng: &mut R) -> Result<Self, BackupCodesError> {
        let mut bytes = [0; 16];
        rng.try_fill_bytes(&mut bytes).map_err(BackupCodesError::randomness)?;
        Ok(Self(bytes))
    }

    /// An id that no set has: a random one is this with a chance of 2^-128.
    pub(crate) const fn decoy() -> Self {
        Self([0; 16])
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for SetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for SetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SetId({self})")
    }
}

impl FromStr for SetId {
    type Err = BackupCodesError;

    /// Reads what `Display` writes, and nothing else.
    fn from_str(text: &str) -> Result<Self, BackupCodesError> {
        let plain = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        match u128::from_str_radix(text, 16) {
            Ok(number) if plain => Ok(Self(number.to_be_bytes())),
            _ => Err(BackupCodesError::Stored("set id")),
        }
    }
}

impl Serialize for SetId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SetId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_one_spelling_is_read() {
        let text = "00ff0000000000000000000000000abc";
        assert_eq!(text.parse::<SetId>().unwrap().to_string(), text);
        for text in ["", "0", "+0ff0000000000000000000000000abc", "00FF0000000000000000000000000abc"] {
            assert!(text.parse::<SetId>().is_err(), "{text:?} was read");
        }
    }
}
