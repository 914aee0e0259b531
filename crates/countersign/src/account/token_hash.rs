use countersign_vault::{LookupHash, Vault};
use serde::{Deserialize, Serialize};

/// Keyed hash of a token's random part, with the name of the key: `key.hash`, both in hex. So a rotation ends neither a
/// sign-in nor a device, and it can be told which keys are still needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct TokenHash(String);

impl TokenHash {
    /// The hash under the active key.
    pub(crate) fn new(vault: &Vault, hash: &LookupHash) -> Self {
        Self(format!("{}.{hash}", vault.key_ring().active_id()))
    }

    /// The name of the key it was made under.
    pub(crate) fn key(&self) -> &str {
        self.0.split_once('.').map_or("", |(key, _)| key)
    }

    /// Whether it is one of `candidates`, under whichever key.
    pub(crate) fn is_among(&self, candidates: &[LookupHash]) -> bool {
        let hash = self.0.split_once('.').and_then(|(_, hash)| hash.parse::<LookupHash>().ok());
        // In constant time: that is how lookup hashes compare.
        hash.is_some_and(|hash| candidates.contains(&hash))
    }
}

#[cfg(test)]
impl From<&str> for TokenHash {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}
