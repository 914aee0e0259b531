use std::{fmt, str::FromStr};

/// An e-mail address in the one form that names an account: ASCII, lower case, no blanks around it, no dot at its end.
///
/// Whoever reads an address reads it through this type, so that whatever the spelling there is one account and one
/// budget. An international domain is written in its `xn--` form; a local part beyond ASCII is refused, since two of
/// those can look the same and differ.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct EmailAddress(String);

impl EmailAddress {
    /// The address.
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the `@`.
    #[must_use]
    pub(crate) fn local_part(&self) -> &str {
        self.0.split_once('@').map_or("", |(local, _)| local)
    }
}

impl fmt::Debug for EmailAddress {
    /// Without the address: personal data has no place in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(..)")
    }
}

impl FromStr for EmailAddress {
    type Err = InvalidEmail;

    fn from_str(text: &str) -> Result<Self, InvalidEmail> {
        let address = text.trim_matches(' ').trim_end_matches('.').to_ascii_lowercase();
        let (local, domain) = address.split_once('@').ok_or(InvalidEmail)?;
        let fits = address.len() <= 254 && is_local_part(local) && is_domain(domain);
        if fits { Ok(Self(address)) } else { Err(InvalidEmail) }
    }
}

/// The text is not an address that this server takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address")]
pub(crate) struct InvalidEmail;

/// A dot-atom (RFC 5322, section 3.2.3) of at most 64 bytes; quoted forms are not taken.
fn is_local_part(local: &str) -> bool {
    local.len() <= 64
        && local.split('.').all(|atom| {
            !atom.is_empty() && atom.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
        })
}

/// Two or more labels of letters, digits and inner dashes (RFC 1035, section 2.3.1), the last one not a number.
fn is_domain(domain: &str) -> bool {
    let labels: Vec<&str> = domain.split('.').collect();
    let label = |label: &&str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    labels.len() >= 2
        && labels.iter().all(label)
        && labels.last().is_some_and(|last| !last.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_one_address_is_one_address() {
        let one: EmailAddress = "ada@example.com".parse().unwrap();
        for spelling in ["Ada@Example.COM", " ada@example.com ", "ada@example.com.", "ADA@EXAMPLE.COM"] {
            assert_eq!(spelling.parse(), Ok(one.clone()), "{spelling}");
        }
        assert_eq!(one.local_part(), "ada");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.com", "a".repeat(65));
        let longer = format!("a@{}com", "example.".repeat(40));
        for text in [
            "",
            "@",
            "ada",
            "ada@",
            "@example.com",
            "ada@example",
            "ada@@example.com",
            "a b@example.com",
            "ada@exa mple.com",
            "ada@-example.com",
            "ada@example-.com",
            ".ada@example.com",
            "ada.@example.com",
            "a..da@example.com",
            "\"ada\"@example.com",
            "ada@192.0.2.1",
            "ада@example.com",
            "ada@exämple.com",
            "ada@example.com\n",
            "ada\0@example.com",
            "ada@example.com\t",
            &long,
            &longer,
        ] {
            assert_eq!(text.parse::<EmailAddress>(), Err(InvalidEmail), "{text:?}");
        }
        assert!("o'brien+tag@mail.example.co".parse::<EmailAddress>().is_ok());
    }
}
