use std::collections::HashSet;

use crate::email::EmailAddress;

/// Fewest characters of a password.
pub(crate) const MIN_LENGTH: usize = 8;
/// Most characters of a password: a bound on work, far above what anybody types.
pub(crate) const MAX_LENGTH: usize = 1024;

/// What a new password has to be: long enough, not too long, and not one of those that are tried first.
///
/// There is no rule about kinds of characters (NIST SP 800-63B-4, section 3.1.1.2).
#[derive(Debug)]
pub(crate) struct PasswordRules {
    common: HashSet<&'static str>,
}

impl PasswordRules {
    /// The rules, with the list of common passwords read in.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self { common: include_str!("common_passwords.txt").lines().filter(|line| !line.is_empty()).collect() }
    }

    /// Whether this may be the password of the account with this address.
    ///
    /// # Errors
    /// What is wrong with it, in one sentence for people.
    pub(crate) fn check(&self, password: &str, address: &EmailAddress) -> Result<(), &'static str> {
        let length = password.chars().count();
        if length < MIN_LENGTH {
            return Err("A password has at least 8 characters");
        }
        if length > MAX_LENGTH {
            return Err("A password has at most 1024 characters");
        }
        let folded = password.to_lowercase();
        let bare = folded.trim_matches(|c: char| c.is_ascii_digit() || c.is_ascii_punctuation());
        if folded.contains(address.as_str()) || folded == address.local_part() || bare == address.local_part() {
            return Err("This password is the address itself");
        }
        if self.common.contains(folded.as_str()) || self.common.contains(bare) || is_run(&folded) {
            return Err("This password is among the first that anybody tries");
        }
        Ok(())
    }
}

impl Default for PasswordRules {
    fn default() -> Self {
        Self::new()
    }
}

/// One character over and over, or characters that follow each other: `aaaaaaaa`, `23456789`, `hgfedcba`.
fn is_run(password: &str) -> bool {
    let codes: Vec<i64> = password.chars().map(|c| i64::from(u32::from(c))).collect();
    let steps: HashSet<i64> = codes.windows(2).map(|pair| pair[1] - pair[0]).collect();
    steps.len() == 1 && steps.iter().all(|step| (-1..=1).contains(step))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_taken(password: &str) -> bool {
        PasswordRules::new().check(password, &"grace.hopper@example.com".parse().unwrap()).is_ok()
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert!(!is_taken("pä55wör"));
        assert!(is_taken("pä55wörz"));
        assert!(is_taken(&"ab7".repeat(341)));
        assert!(is_taken(&"äb7d".repeat(256)));
        assert!(!is_taken(&"äb7d5".repeat(205)));
    }

    #[test]
    fn what_is_tried_first_is_refused() {
        for password in [
            "password",
            "Password1!",
            "PASSWORD123",
            "12345678",
            "87654321",
            "qwertyuiop",
            "aaaaaaaa",
            "abcdefghij",
            "iloveyou2",
            "letmein123",
            "grace.hopper@example.com",
            "Grace.Hopper@Example.com1",
            "Grace.Hopper",
            "grace.hopper99",
        ] {
            assert!(!is_taken(password), "{password}");
        }
    }

    #[test]
    fn anything_else_is_taken() {
        for password in
            ["correct horse battery staple", "7f!kQ2zP", "a quiet sentence", "grace.hopper likes nanoseconds"]
        {
            assert!(is_taken(password), "{password}");
        }
    }
}
