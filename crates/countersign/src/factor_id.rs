use std::{fmt, str::FromStr};

use rand_core::TryCryptoRng;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Names one factor of one user: 128 random bits, written as 32 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FactorId([u8; 16]);

impl FactorId {
    pub(crate) fn generate<R: TryCryptoRng + ?Sized>(rng: &mut R) -> Result<Self, R::Error> {
        let mut id = [0; 16];
        rng.try_fill_bytes(&mut id)?;
        Ok(Self(id))
    }
}

impl fmt::Display for FactorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut hex = [0; 32];
        f.write_str(base16ct::lower::encode_str(&self.0, &mut hex).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for FactorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FactorId({self})")
    }
}

impl FromStr for FactorId {
    type Err = ParseFactorIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut id = [0; 16];
        match base16ct::lower::decode(text, &mut id) {
            Ok(bytes) if bytes.len() == 16 => Ok(Self(id)),
            _ => Err(ParseFactorIdError),
        }
    }
}

impl Serialize for FactorId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FactorId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <std::borrow::Cow<'de, str>>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// The text is not 32 lower-case hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a factor id is 32 lower-case hex digits")]
pub struct ParseFactorIdError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips_and_nothing_else_parses() {
        let id: FactorId = "00112233445566778899aabbccddeeff".parse().unwrap();
        assert_eq!(id.to_string(), "00112233445566778899aabbccddeeff");
        for wrong in [
            "",
            "00112233445566778899aabbccddee",
            "00112233445566778899AABBCCDDEEFF",
            "zz112233445566778899aabbccddeeff",
        ] {
            assert_eq!(wrong.parse::<FactorId>(), Err(ParseFactorIdError), "{wrong}");
        }
    }
}
