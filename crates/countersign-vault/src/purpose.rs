use std::fmt;

/// What a value is for. Each purpose has keys of its own, so that a value sealed or hashed for one is worthless for
/// every other.
///
/// A host names its own purposes as `"host/field"`; the name is checked when it is compiled, if it is a constant:
///
/// ```
/// use countersign_vault::Purpose;
///
/// const PHONE: Purpose = Purpose::new("shop/phone");
/// assert_eq!(PHONE.as_str(), "shop/phone");
/// ```
///
/// ```compile_fail,E0080
/// const NO_HOST: countersign_vault::Purpose = countersign_vault::Purpose::new("phone");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Purpose(&'static str);

impl Purpose {
    /// The shared secret of a factor.
    pub const SECRET: Self = Self("countersign/secret");
    /// An address that codes or notices are sent to.
    pub const ADDRESS: Self = Self("countersign/address");
    /// A ticket for the second step of a sign-in.
    pub const TICKET: Self = Self("countersign/ticket");
    /// Hashes by which sessions, tokens and addresses are found again.
    pub const LOOKUP: Self = Self("countersign/lookup");
    /// The chain of audit events.
    pub const AUDIT: Self = Self("countersign/audit");
    /// The token of a remembered device.
    pub const DEVICE: Self = Self("countersign/device");
    /// The pepper of backup codes.
    pub const BACKUP_CODES: Self = Self("countersign/backup-codes");
    /// A key ring that is itself sealed, see [`WrappedFileSource`](crate::WrappedFileSource).
    pub const KEY_RING: Self = Self("countersign/key-ring");

    /// Longest name, in bytes.
    pub const MAX_LEN: usize = 64;

    /// A host's own purpose: `host/field`, each part of lower-case letters, digits, `-`, `_`, or more parts set off by
    /// `/`; [`MAX_LEN`](Self::MAX_LEN) bytes at most. Names of the host `countersign` are taken.
    ///
    /// # Panics
    /// If the name has another form. As a constant it does not compile then.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        let bytes = name.as_bytes();
        assert!(bytes.len() <= Self::MAX_LEN, "a purpose has 64 bytes at most");
        assert!(!starts_with(bytes, b"countersign/"), "the host `countersign` is taken");
        let mut slashes = 0;
        let mut part = 0;
        let mut at = 0;
        while at < bytes.len() {
            match bytes[at] {
                b'/' => {
                    assert!(part > 0, "a purpose has no empty part");
                    slashes += 1;
                    part = 0;
                }
                b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => part += 1,
                _ => panic!("a purpose is written in lower-case letters, digits, `-`, `_` and `/`"),
            }
            at += 1;
        }
        assert!(slashes > 0 && part > 0, "a purpose is written `host/field`");
        Self(name)
    }

    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Debug for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Purpose({})", self.0)
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

const fn starts_with(bytes: &[u8], prefix: &[u8]) -> bool {
    let mut at = 0;
    while at < prefix.len() {
        if at >= bytes.len() || bytes[at] != prefix[at] {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_another_form_are_refused() {
        let long: &'static str = Box::leak(format!("shop/{}", "x".repeat(60)).into_boxed_str());
        for name in
            ["", "/", "shop", "shop/", "/phone", "shop//phone", "Shop/phone", "shop/ph one", "countersign/x", long]
        {
            assert!(std::panic::catch_unwind(|| Purpose::new(name)).is_err(), "{name:?} was taken");
        }
    }

    #[test]
    fn deeper_names_are_allowed() {
        assert_eq!(Purpose::new("countersigns/user_2/phone-3").as_str(), "countersigns/user_2/phone-3");
    }
}
