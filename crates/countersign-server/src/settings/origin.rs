use std::{fmt, str::FromStr};

/// An origin (RFC 6454, section 4) as browsers write it: `http` or `https`, one host, maybe a port, and nothing behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin(String);

impl Origin {
    /// The origin of this address.
    #[must_use]
    pub(super) fn of(address: std::net::SocketAddr, https: bool) -> Self {
        Self(format!("{}://{address}", if https { "https" } else { "http" }))
    }

    /// The origin.
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Origin {
    type Err = ();

    /// In lower case, without the port that goes without saying: that is how a browser compares.
    fn from_str(text: &str) -> Result<Self, ()> {
        let text = text.to_ascii_lowercase();
        let (scheme, authority) = text.split_once("://").ok_or(())?;
        let default = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return Err(()),
        };
        let (host, port) = match authority.rsplit_once(':') {
            // The colons of an IPv6 address lie between brackets.
            Some((host, port)) if !port.ends_with(']') => (host, Some(port_of(port).ok_or(())?)),
            _ => (authority, None),
        };
        if !is_host(host) {
            return Err(());
        }
        let port = port.filter(|port| *port != default).map_or_else(String::new, |port| format!(":{port}"));
        Ok(Self(format!("{scheme}://{host}{port}")))
    }
}

/// Digits alone: `parse` would take a plus sign too.
fn port_of(text: &str) -> Option<u16> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// A name of letters, digits and dashes, an IPv4 address, or an IPv6 address in brackets; no wildcard.
fn is_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return inner.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let label = |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    host.len() <= 253 && host.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        for (text, origin) in [
            ("https://App.Example.com", "https://app.example.com"),
            ("https://app.example.com:443", "https://app.example.com"),
            ("http://localhost:80", "http://localhost"),
            ("http://localhost:443", "http://localhost:443"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("HTTPS://[2001:db8::1]", "https://[2001:db8::1]"),
        ] {
            assert_eq!(text.parse::<Origin>().unwrap().as_str(), origin);
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for text in [
            "",
            "*",
            "null",
            "example.com",
            "https://",
            "https://*",
            "https://*.example.com",
            "https://app.example.com/",
            "https://app.example.com/path",
            "https://app.example.com?q",
            "https://app.example.com#f",
            "https://user@app.example.com",
            "https://app.example.com:",
            "https://app.example.com:+1",
            "https://app.example.com:99999",
            "https://app..example.com",
            "https://äpp.example.com",
            "https://a b",
            "https://[::1",
            "https://[nonsense]",
            "ftp://example.com",
            "file:///etc",
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text:?}");
        }
    }
}
