use std::{fmt, hint::black_box};

use zeroize::Zeroizing;

use crate::alphabet;

/// One backup code, to be shown once: wiped on drop, never printed, cloned or serialised.
///
/// ```compile_fail,E0277
/// fn copies<T: Clone>() {}
/// copies::<countersign_backup_codes::BackupCode>();
/// ```
/// ```compile_fail,E0277
/// fn writes<T: serde::Serialize>() {}
/// writes::<countersign_backup_codes::BackupCode>();
/// ```
/// ```compile_fail,E0277
/// fn prints<T: std::fmt::Display>() {}
/// prints::<countersign_backup_codes::BackupCode>();
/// ```
pub struct BackupCode(Zeroizing<String>);

/// Symbols that stand together between dashes.
const GROUP: usize = 4;

impl BackupCode {
    /// From the values of its symbols, each below 32.
    pub(crate) fn new(values: &[u8]) -> Self {
        // Room for all of it at once: a vector that grows leaves copies behind.
        let mut text = Vec::with_capacity(values.len() + values.len() / GROUP);
        for (at, value) in values.iter().enumerate() {
            if at > 0 && at % GROUP == 0 {
                text.push(b'-');
            }
            // ASCII, and seen to be: what follows asks for the top bit of every byte, which must not depend on a secret.
            text.push(black_box(alphabet::symbol(*value)) & 0x7f);
        }
        // Symbols and dashes are ASCII: there is no error to meet.
        let text = String::from_utf8(text).unwrap_or_default();
        Self(Zeroizing::new(text))
    }

    /// The code as it is shown: symbols in groups of four with dashes between, `7ZQK-2M9D-…`. The only way to it.
    #[must_use]
    pub fn expose_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for BackupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BackupCode([REDACTED])")
    }
}
