use countersign_backup_codes::CodeSet;
use countersign_clock::Timestamp;
use serde::{Deserialize, Serialize};

/// The backup codes that are left.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BackupSet {
    pub(crate) codes: CodeSet,
    pub(crate) generated_at: Timestamp,
}
