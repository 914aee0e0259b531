use std::{convert::Infallible, fmt};

use axum::extract::{FromRef, FromRequestParts};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use countersign::{Client, SecretText};
use http::{HeaderMap, request::Parts};
use zeroize::Zeroizing;

use crate::{ClientAddress, Handle, Problem, Reply, address::known_address};

/// The name of the cookie that makes a client a known device; with `__Host-` before it where cookies are
/// [secure](Handle::secure_cookies).
pub const DEVICE_COOKIE: &str = "countersign_device";

/// The client a request came from, as far as it is known. An extractor that always succeeds.
pub struct Requester {
    address: Option<ClientAddress>,
    device_token: Option<Zeroizing<String>>,
    request_id: Option<String>,
    headers: HeaderMap,
}

impl Requester {
    /// Reads it off a request.
    #[must_use]
    pub fn of(parts: &Parts, handle: &Handle) -> Self {
        let token = CookieJar::from_headers(&parts.headers)
            .get(device_cookie_name(handle.cookies_are_secure()))
            .map(|cookie| Zeroizing::new(cookie.value().to_owned()));
        let request_id = parts.headers.get("x-request-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
        Self { address: known_address(parts), device_token: token, request_id, headers: parts.headers.clone() }
    }

    /// Its address, freed of trusted proxies.
    #[must_use]
    pub const fn address(&self) -> Option<ClientAddress> {
        self.address
    }

    /// The token of a known device, as the client sent it; nothing says yet that it is one.
    #[must_use]
    pub fn device_token(&self) -> Option<&str> {
        self.device_token.as_ref().map(|token| token.as_str())
    }

    /// The headers of the request.
    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The same, as the engine wants it.
    #[must_use]
    pub fn client(&self) -> Client<'_> {
        Client {
            address: self.address.map(ClientAddress::get),
            device_token: self.device_token(),
            request_id: self.request_id.as_deref(),
        }
    }
}

impl fmt::Debug for Requester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Requester")
            .field("address", &self.address)
            .field("request_id", &self.request_id)
            .finish_non_exhaustive()
    }
}

impl<S> FromRequestParts<S> for Requester
where
    S: Send + Sync,
    Handle: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts, &Handle::from_ref(state)))
    }
}

/// Adds the cookie that makes this client a known device.
pub(crate) fn with_device_cookie(reply: Reply, token: &SecretText, handle: &Handle) -> Result<Reply, Problem> {
    let secure = handle.cookies_are_secure();
    let lasts = handle.engine().policy().device_lasts().as_secs();
    let cookie = Cookie::build((device_cookie_name(secure), token.expose_str()))
        .path("/")
        .http_only(true)
        .secure(secure)
        .same_site(SameSite::Lax)
        .build();
    reply.cookie(&format!("{cookie}; Max-Age={lasts}"))
}

const fn device_cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-countersign_device" } else { DEVICE_COOKIE }
}
