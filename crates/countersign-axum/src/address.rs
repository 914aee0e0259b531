use std::{
    convert::Infallible,
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, request::Parts};
use ipnet::IpNet;

/// The proxies whose word on a client's address is taken. Empty unless told otherwise.
///
/// Read from addresses and networks with commas between: `192.0.2.7, 2001:db8::/32`.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// No proxy: the client is who opened the connection.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl FromStr for TrustedProxies {
    type Err = ParseProxiesError;

    fn from_str(text: &str) -> Result<Self, ParseProxiesError> {
        text.split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(|part| {
                let network: Result<IpNet, _> = part.parse();
                network
                    .or_else(|_| part.parse().map(|address: IpAddr| IpNet::from(address.to_canonical())))
                    .map_err(|_| ParseProxiesError { part: part.to_owned() })
            })
            .collect::<Result<Vec<_>, _>>()
            .map(|networks| Self(networks.into()))
    }
}

impl fmt::Display for TrustedProxies {
    /// The text it is read from.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, network) in self.0.iter().enumerate() {
            write!(f, "{}{network}", if at == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

/// A part of the list is neither an address nor a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{part:?} is neither an address nor a network")]
pub struct ParseProxiesError {
    part: String,
}

/// The address a request came from, freed of proxies that are trusted and of the IPv4-in-IPv6 form.
///
/// It is the socket's, unless the peer is one of the [`TrustedProxies`]: then it is the right-most hop of
/// `X-Forwarded-For` that is not one of them. What stands left of that was written by the client and is never looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// The address behind `peer`, by the word of `proxies` alone.
    #[must_use]
    pub fn resolve(peer: IpAddr, headers: &HeaderMap, proxies: &TrustedProxies) -> Self {
        let mut address = peer.to_canonical();
        let values: Vec<&str> = headers.get_all(FORWARDED_FOR).iter().map(|v| v.to_str().unwrap_or("")).collect();
        for hop in values.iter().rev().flat_map(|value| value.rsplit(',')) {
            if !proxies.contains(address) {
                break;
            }
            // A trusted proxy that says something unreadable is the last thing known about the way.
            let Some(hop) = parse_hop(hop.trim()) else { break };
            address = hop.to_canonical();
        }
        Self(address)
    }

    /// The address.
    #[must_use]
    pub const fn get(self) -> IpAddr {
        self.0
    }

    /// The network that counts as one client: /24 for IPv4, /64 for IPv6.
    #[must_use]
    pub fn network(self) -> ClientNetwork {
        ClientNetwork(match self.0 {
            IpAddr::V4(v4) => IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & !0xff)),
            IpAddr::V6(v6) => IpAddr::V6(first_64_bits(v6)),
        })
    }

    /// What one customer of a provider usually holds: the single IPv4 address, the /64 of an IPv6 one.
    #[must_use]
    pub fn holder(self) -> IpAddr {
        match self.0 {
            IpAddr::V4(v4) => IpAddr::V4(v4),
            IpAddr::V6(v6) => IpAddr::V6(first_64_bits(v6)),
        }
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A client's network: written as `192.0.2.0/24` or `2001:db8::/64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientNetwork(IpAddr);

impl fmt::Display for ClientNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(v4) => write!(f, "{v4}/24"),
            IpAddr::V6(v6) => write!(f, "{v6}/64"),
        }
    }
}

/// Middleware: finds the [`ClientAddress`] of each request and leaves it with the request.
///
/// ```
/// use axum::{Router, middleware};
/// use countersign_axum::{TrustedProxies, client_address};
///
/// let proxies: TrustedProxies = "192.0.2.7".parse()?;
/// let app: Router = Router::new().layer(middleware::from_fn_with_state(proxies, client_address));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The server has to be started with `into_make_service_with_connect_info::<SocketAddr>()`.
pub async fn client_address(State(proxies): State<TrustedProxies>, mut request: Request, next: Next) -> Response {
    if let Some(peer) = peer(request.extensions()) {
        let address = ClientAddress::resolve(peer, request.headers(), &proxies);
        request.extensions_mut().insert(address);
    }
    next.run(request).await
}

/// What [`client_address`] found; without that middleware, the socket's address, believing no proxy.
pub(crate) fn known_address(parts: &Parts) -> Option<ClientAddress> {
    let found = parts.extensions.get::<ClientAddress>().copied();
    found.or_else(|| peer(&parts.extensions).map(|peer| ClientAddress(peer.to_canonical())))
}

impl<S: Send + Sync> FromRequestParts<S> for MaybeClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(known_address(parts)))
    }
}

/// The request's [`ClientAddress`], where it is known.
#[derive(Clone, Copy, Debug)]
pub struct MaybeClientAddress(pub Option<ClientAddress>);

const FORWARDED_FOR: &str = "x-forwarded-for";

fn peer(extensions: &http::Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip())
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]` and `[2001:db8::1]:4711` are all seen in the field.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(hop);
    bare.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
}

const fn first_64_bits(v6: Ipv6Addr) -> Ipv6Addr {
    Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(peer: &str, forwarded: &[&str], proxies: &str) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        ClientAddress::resolve(peer.parse().unwrap(), &headers, &proxies.parse().unwrap()).to_string()
    }

    #[test]
    fn nobody_is_believed_unless_configured() {
        assert_eq!(resolve("192.0.2.9", &["203.0.113.1"], ""), "192.0.2.9");
        assert_eq!(resolve("192.0.2.9", &["203.0.113.1"], "192.0.2.8"), "192.0.2.9");
    }

    #[test]
    fn a_configured_proxy_names_the_right_most_hop_that_is_not_one() {
        for (forwarded, expected) in [
            (&["203.0.113.1"][..], "203.0.113.1"),
            (&["198.51.100.1, 203.0.113.1"], "203.0.113.1"),
            (&["198.51.100.1, 203.0.113.1, 10.0.0.2"], "203.0.113.1"),
            (&["198.51.100.1", "203.0.113.1"], "203.0.113.1"),
            (&["203.0.113.1", "10.0.0.2"], "203.0.113.1"),
            (&["203.0.113.1:4711"], "203.0.113.1"),
            (&["[2001:db8::5]:4711"], "2001:db8::5"),
            (&["[2001:db8::5]"], "2001:db8::5"),
            (&["::ffff:203.0.113.1"], "203.0.113.1"),
            (&[], "10.0.0.1"),
            (&["203.0.113.1, nonsense"], "10.0.0.1"),
            (&["203.0.113.1, nonsense, 10.0.0.2"], "10.0.0.2"),
            (&[""], "10.0.0.1"),
        ] {
            assert_eq!(resolve("10.0.0.1", forwarded, "10.0.0.0/8"), expected, "{forwarded:?}");
        }
    }

    #[test]
    fn an_ipv4_mapped_peer_is_the_ipv4_one() {
        assert_eq!(resolve("::ffff:10.0.0.1", &["203.0.113.1"], "10.0.0.1"), "203.0.113.1");
        assert_eq!(resolve("::ffff:192.0.2.9", &[], ""), "192.0.2.9");
    }

    #[test]
    fn networks_are_24_and_64_bits_wide() {
        let network = |text: &str| ClientAddress(text.parse().unwrap()).network().to_string();
        assert_eq!(network("192.0.2.77"), "192.0.2.0/24");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        let holder = |text: &str| ClientAddress(text.parse().unwrap()).holder().to_string();
        assert_eq!(holder("192.0.2.77"), "192.0.2.77");
        assert_eq!(holder("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    }

    #[test]
    fn a_list_with_something_else_in_it_is_refused_by_name() {
        let error = "10.0.0.0/8, proxy.example.com".parse::<TrustedProxies>().unwrap_err();
        assert_eq!(error.to_string(), "\"proxy.example.com\" is neither an address nor a network");
    }
}
