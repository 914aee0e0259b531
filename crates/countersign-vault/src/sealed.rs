use std::{fmt, str::FromStr};

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Format, KeyId, Vault, VaultError};

/// A sealed value. Its text form is one line of ASCII, `version.key-id.data`, fit for a text column:
///
/// ```text
/// cs1.90c1ab4422d0e6f7.h0UHZf3x…
/// ```
///
/// `cs1` is XAES-256-GCM, `cs2` plain AES-256-GCM; the data is nonce, ciphertext and tag in Base64url without padding
/// (RFC 4648, section 5). Nothing in it is secret. Reading checks the form and the sizes; whether it is genuine only
/// [`Vault::open`] can tell.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    format: Format,
    key_id: KeyId,
    data: Vec<u8>,
}

impl Sealed {
    /// Longest text form, in bytes.
    pub const MAX_TEXT_LEN: usize = 3 + 1 + 16 + 1 + MAX_DATA_LEN.div_ceil(3) * 4;

    pub(crate) const fn new(format: Format, key_id: KeyId, data: Vec<u8>) -> Self {
        Self { format, key_id, data }
    }

    /// The version it is written in.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// The id of the key that sealed it.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// Nonce, and ciphertext with its tag.
    pub(crate) fn parts(&self) -> (&[u8], &[u8]) {
        self.data.split_at(self.format.nonce_len())
    }
}

const MAX_DATA_LEN: usize = 24 + Vault::MAX_PLAINTEXT_LEN + Format::TAG_LEN;

impl fmt::Display for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let data = Base64UrlUnpadded::encode_string(&self.data);
        [self.format.tag(), ".", &self.key_id.to_string(), ".", &data].iter().try_for_each(|part| f.write_str(part))
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealed")
            .field("format", &self.format)
            .field("key_id", &self.key_id)
            .field("len", &self.data.len())
            .finish()
    }
}

impl FromStr for Sealed {
    type Err = VaultError;

    /// Reads what `Display` writes, and nothing else.
    fn from_str(text: &str) -> Result<Self, VaultError> {
        const MALFORMED: VaultError = VaultError::Malformed("sealed value");
        if text.len() > Self::MAX_TEXT_LEN {
            return Err(MALFORMED);
        }
        let (tag, rest) = text.split_once('.').ok_or(MALFORMED)?;
        let (key_id, data) = rest.split_once('.').ok_or(MALFORMED)?;
        let format = Format::from_tag(tag).ok_or(MALFORMED)?;
        let key_id = key_id.parse().map_err(|_| MALFORMED)?;
        let data = Base64UrlUnpadded::decode_vec(data).map_err(|_| MALFORMED)?;
        let overhead = format.nonce_len() + Format::TAG_LEN;
        if !(overhead..=overhead + Vault::MAX_PLAINTEXT_LEN).contains(&data.len()) {
            return Err(MALFORMED);
        }
        Ok(Self { format, key_id, data })
    }
}

impl Serialize for Sealed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_string())
    }
}

impl<'de> Deserialize<'de> for Sealed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}
