use std::{net::SocketAddr, str::FromStr};

/// The server's public URL: `http` or `https`, a host, maybe a port, and nothing behind it. It is an origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicUrl(String);

impl PublicUrl {
    /// The URL of this address.
    #[must_use]
    pub(crate) fn of(address: SocketAddr, https: bool) -> Self {
        Self(format!("{}://{address}", if https { "https" } else { "http" }))
    }

    /// The URL, without a slash at its end.
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is https.
    #[must_use]
    pub(crate) fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl FromStr for PublicUrl {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let uri: http::Uri = text.parse().map_err(|_| ())?;
        let authority = uri.authority().ok_or(())?;
        let plain = matches!(uri.path(), "" | "/") && uri.query().is_none() && !authority.as_str().contains('@');
        match uri.scheme_str() {
            Some(scheme @ ("http" | "https")) if plain && !authority.host().is_empty() => {
                Ok(Self(format!("{scheme}://{}", authority.as_str().to_ascii_lowercase())))
            }
            _ => Err(()),
        }
    }
}
