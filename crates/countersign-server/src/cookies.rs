use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use http::HeaderMap;
use zeroize::Zeroizing;

use crate::session::ABSOLUTE;

/// The cookie that carries a session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionCookie {
    secure: bool,
}

impl SessionCookie {
    /// Over https it is `Secure` and bound to its host by the `__Host-` prefix.
    #[must_use]
    pub(crate) const fn new(secure: bool) -> Self {
        Self { secure }
    }

    /// Its name.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        if self.secure { "__Host-countersign_session" } else { "countersign_session" }
    }

    /// What it holds in a request.
    #[must_use]
    pub(crate) fn read(self, headers: &HeaderMap) -> Option<Zeroizing<String>> {
        CookieJar::from_headers(headers).get(self.name()).map(|cookie| Zeroizing::new(cookie.value().to_owned()))
    }

    /// The `Set-Cookie` that gives it this value.
    #[must_use]
    pub(crate) fn set(self, value: &str) -> String {
        format!("{}; Max-Age={}", self.build(value), ABSOLUTE.as_secs())
    }

    /// The `Set-Cookie` that takes it away.
    #[must_use]
    pub(crate) fn clear(self) -> String {
        format!("{}; Max-Age=0", self.build(""))
    }

    fn build(self, value: &str) -> Cookie<'_> {
        Cookie::build((self.name(), value))
            .path("/")
            .http_only(true)
            .secure(self.secure)
            .same_site(SameSite::Lax)
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_https_it_is_bound_to_its_host() {
        let cookie = SessionCookie::new(true).set("v");
        assert_eq!(cookie, "__Host-countersign_session=v; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=86400");
        let cookie = SessionCookie::new(false).clear();
        assert_eq!(cookie, "countersign_session=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0");
    }
}
