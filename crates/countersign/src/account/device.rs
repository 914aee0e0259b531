use countersign_clock::Timestamp;
use serde::{Deserialize, Serialize};

use super::{TokenHash, guard::Tally, is_default};

/// A device whose owner asked to be known there. It answers from a budget of its own.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Device {
    pub(crate) id: TokenHash,
    pub(crate) expires_at: Timestamp,
    #[serde(skip_serializing_if = "is_default", default)]
    pub(crate) answers: Tally,
}
