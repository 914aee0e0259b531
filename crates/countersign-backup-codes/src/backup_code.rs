use std::fmt;

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
        // Room for all of it at once: a string that grows leaves copies behind.
        let mut text = Zeroizing::new(String::with_capacity(values.len() + values.len() / GROUP));
        for (at, value) in values.iter().enumerate() {
            if at > 0 && at % GROUP == 0 {
                text.push('-');
            }
            text.push(char::from(alphabet::symbol(*value)));
        }
        Self(text)
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
