use core::fmt;

use subtle::ConstantTimeEq;

use crate::{format::Format, wipe::wipe};

/// A one-time code: wiped on drop, redacted in `Debug`, compared in constant time.
///
/// `Display` shows it with its leading zeros.
///
/// ```compile_fail,E0277
/// fn copies<T: Clone>(_: T) {}
/// # use countersign_otp::*;
/// copies(Totp::new(Secret::from([0; 20])).code_at(UnixTime::from_secs(0)));
/// ```
pub struct Code {
    bytes: [u8; 8],
    len: u8,
}

impl Code {
    #[inline]
    pub(crate) fn new(format: Format, value: u32) -> Self {
        Self { bytes: format.write(value).0.to_be_bytes(), len: format.len() }
    }

    /// The code as text, for the person who may see it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Digits and capital letters only, so this never takes the default.
        core::str::from_utf8(&self.bytes[8 - usize::from(self.len)..]).unwrap_or_default()
    }
}

impl PartialEq for Code {
    /// Takes the same time wherever the codes differ.
    fn eq(&self, other: &Self) -> bool {
        self.bytes.ct_eq(&other.bytes).into()
    }
}

impl Eq for Code {}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code([REDACTED])")
    }
}

impl Drop for Code {
    fn drop(&mut self) {
        wipe(&mut self.bytes);
    }
}
