use std::{net::SocketAddr, str::FromStr};

use super::Origin;

/// The server's public URL: an origin, maybe with a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicUrl(Origin);

impl PublicUrl {
    /// The URL of this address.
    #[must_use]
    pub(crate) fn of(address: SocketAddr, https: bool) -> Self {
        Self(Origin::of(address, https))
    }

    /// The URL, without a slash at its end.
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether it is https.
    #[must_use]
    pub(crate) fn is_https(&self) -> bool {
        self.as_str().starts_with("https://")
    }
}

impl FromStr for PublicUrl {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        text.strip_suffix('/').unwrap_or(text).parse().map(Self)
    }
}
