use std::time::Duration;

use axum_extra::extract::cookie::{Cookie, SameSite};

/// The cookies of the pages, beside the one that carries a session. None of them opens anything but its own page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Crumb {
    /// What the tokens of this browser's forms are made with.
    Forms,
    /// A set-up ticket.
    Setup,
    /// A sign-in ticket.
    SignIn,
    /// A new factor's secret, sealed, on its way to the one page that shows it.
    Enrolment,
    /// New backup codes, sealed, on their way to the one page that shows them.
    Codes,
    /// That the backup codes have not been kept yet.
    Unkept,
}

impl Crumb {
    /// All that end with a session or a sign-in.
    pub(super) const PASSING: [Self; 5] = [Self::Setup, Self::SignIn, Self::Enrolment, Self::Codes, Self::Unkept];

    /// Its name. Over https it is bound to its host.
    #[must_use]
    pub(super) const fn name(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::Forms, true) => "__Host-countersign_forms",
            (Self::Forms, false) => "countersign_forms",
            (Self::Setup, true) => "__Host-countersign_setup",
            (Self::Setup, false) => "countersign_setup",
            (Self::SignIn, true) => "__Host-countersign_sign_in",
            (Self::SignIn, false) => "countersign_sign_in",
            (Self::Enrolment, true) => "__Host-countersign_enrolment",
            (Self::Enrolment, false) => "countersign_enrolment",
            (Self::Codes, true) => "__Host-countersign_codes",
            (Self::Codes, false) => "countersign_codes",
            (Self::Unkept, true) => "__Host-countersign_unkept",
            (Self::Unkept, false) => "countersign_unkept",
        }
    }

    /// The `Set-Cookie` that gives it this value for so long.
    #[must_use]
    pub(super) fn set(self, secure: bool, value: &str, lasts: Duration) -> String {
        let cookie = Cookie::build((self.name(secure), value))
            .path("/")
            .http_only(true)
            .secure(secure)
            // A form's cookie has to be there when somebody comes from a link; the others never do.
            .same_site(if self == Self::Forms { SameSite::Lax } else { SameSite::Strict })
            .build();
        format!("{cookie}; Max-Age={}", lasts.as_secs())
    }

    /// The `Set-Cookie` that takes it away.
    #[must_use]
    pub(super) fn clear(self, secure: bool) -> String {
        self.set(secure, "", Duration::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_https_each_is_bound_to_its_host() {
        assert_eq!(
            Crumb::Setup.set(true, "v", Duration::from_secs(60)),
            "__Host-countersign_setup=v; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=60"
        );
        for crumb in Crumb::PASSING.into_iter().chain([Crumb::Forms]) {
            assert!(crumb.clear(true).starts_with("__Host-") && crumb.clear(true).contains("Secure"), "{crumb:?}");
            assert_eq!(crumb.name(true).strip_prefix("__Host-"), Some(crumb.name(false)));
        }
    }
}
