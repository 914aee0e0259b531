use std::time::Duration;

use askama::Template;
use axum::{
    extract::FromRequestParts,
    response::{Html, IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::CookieJar;
use base64ct::{Base64UrlUnpadded, Encoding};
use countersign::vault::{KeyId, Purpose};
use countersign_axum::{Caller, Problem, Requester};
use http::{HeaderValue, StatusCode, header::SET_COOKIE, request::Parts};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::{cookies::Crumb, frame::Frame};
use crate::{session::Session, state::AppState};

/// A request for a page: who asks, from which browser.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) state: AppState,
    pub(super) requester: Requester,
    session: Option<Session>,
    /// What the tokens of this browser's forms are made with, and whether the browser has it already.
    forms: Zeroizing<String>,
    has_forms: bool,
}

/// What a page answers instead of itself.
#[derive(Debug)]
pub(super) enum Turned {
    /// Another page.
    To(&'static str),
    /// No.
    Refused(Problem),
}

/// How long a form may stay open: as long as a session at most.
const FORMS_LAST: Duration = crate::session::ABSOLUTE;

const FORM_TOKEN: Purpose = Purpose::new("countersign-server/form-token");

impl Visit {
    /// The session, if there is one.
    #[must_use]
    pub(super) const fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// What a cookie of the pages holds.
    #[must_use]
    pub(super) fn crumb(&self, crumb: Crumb) -> Option<Zeroizing<String>> {
        crumb_of(self.requester.headers(), crumb, self.secure())
    }

    /// The `Set-Cookie` for one of them.
    #[must_use]
    pub(super) fn set(&self, crumb: Crumb, value: &str, lasts: Duration) -> String {
        crumb.set(self.secure(), value, lasts)
    }

    /// The `Set-Cookie` that takes one of them away.
    #[must_use]
    pub(super) fn clear(&self, crumb: Crumb) -> String {
        crumb.clear(self.secure())
    }

    /// What stands around a page.
    #[must_use]
    pub(super) fn frame(&self, here: &'static str) -> Frame {
        Frame::new(here, self.session.is_some(), self.form_token())
    }

    /// A page.
    ///
    /// # Errors
    /// 500 if the template fails.
    pub(super) fn page(&self, status: StatusCode, page: &impl Template) -> Result<Response, Turned> {
        let html = page.render().map_err(|_| Problem::internal_error())?;
        let response = (status, Html(html)).into_response();
        if self.has_forms {
            return Ok(response);
        }
        with_cookies(response, [self.set(Crumb::Forms, &self.forms, FORMS_LAST)])
    }

    /// Whether a form with this token was made here for this browser and this session.
    #[must_use]
    pub(super) fn is_own_form(&self, token: &str) -> bool {
        let Some((key, mac)) = token.split_once('.') else { return false };
        let Ok(key) = key.parse::<KeyId>() else { return false };
        let expected = self.state.core.vault.authenticate_with(&key, FORM_TOKEN, &self.form_fields());
        let given = Base64UrlUnpadded::decode_vec(mac);
        match (expected, given) {
            (Some(expected), Ok(given)) => self.has_forms && bool::from(expected.as_slice().ct_eq(&given)),
            _ => false,
        }
    }

    fn form_token(&self) -> String {
        let (key, mac) = self.state.core.vault.authenticate(FORM_TOKEN, &self.form_fields());
        format!("{key}.{}", Base64UrlUnpadded::encode_string(&mac))
    }

    /// A form is good for the browser it was made for and, where somebody is signed in, for that session.
    fn form_fields(&self) -> [&[u8]; 2] {
        [self.forms.as_bytes(), self.session.as_ref().map_or(b"", |session| session.id.as_bytes())]
    }

    fn secure(&self) -> bool {
        self.state.handle.cookies_are_secure()
    }
}

impl FromRequestParts<AppState> for Visit {
    type Rejection = Turned;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Turned> {
        let requester = Requester::of(parts, &state.handle);
        let session = match state.core.session(parts).await? {
            Some(session) => {
                let epoch = state.engine().epoch(&session.user).await.map_err(Problem::from)?;
                (session.epoch == epoch).then_some(session)
            }
            None => None,
        };
        let forms = crumb_of(&parts.headers, Crumb::Forms, state.handle.cookies_are_secure());
        let has_forms = forms.is_some();
        let forms = match forms {
            Some(forms) => forms,
            None => state.core.ids.secret()?,
        };
        Ok(Self { state: state.clone(), requester, session, forms, has_forms })
    }
}

/// Somebody who is signed in. Anybody else is led to where they have to go first.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) visit: Visit,
    pub(super) session: Session,
}

impl Member {
    /// The same, as the steps of the flow know them.
    #[must_use]
    pub(super) fn caller(&self) -> Caller {
        Caller::from(self.session.clone())
    }
}

impl FromRequestParts<AppState> for Member {
    type Rejection = Turned;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Turned> {
        let visit = Visit::from_request_parts(parts, state).await?;
        let Some(session) = visit.session.clone() else {
            return Err(Turned::To(if holds_setup_ticket(&visit).await? { "/setup" } else { "/login?why=ended" }));
        };
        // New backup codes are kept before anything else.
        if visit.crumb(Crumb::Unkept).is_some() {
            return Err(Turned::To("/backup-codes"));
        }
        Ok(Self { visit, session })
    }
}

/// Somebody who is not signed in, and not in the middle of a set-up that has to be finished.
#[derive(Debug)]
pub(super) struct Stranger(pub(super) Visit);

impl FromRequestParts<AppState> for Stranger {
    type Rejection = Turned;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Turned> {
        let visit = Visit::from_request_parts(parts, state).await?;
        if visit.session.is_some() {
            return Err(Turned::To("/account"));
        }
        if holds_setup_ticket(&visit).await? {
            return Err(Turned::To("/setup"));
        }
        Ok(Self(visit))
    }
}

impl AsRef<Visit> for Visit {
    fn as_ref(&self) -> &Visit {
        self
    }
}

impl AsRef<Visit> for Member {
    fn as_ref(&self) -> &Visit {
        &self.visit
    }
}

impl AsRef<Visit> for Stranger {
    fn as_ref(&self) -> &Visit {
        &self.0
    }
}

impl From<Problem> for Turned {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

impl From<countersign::Error> for Turned {
    fn from(error: countersign::Error) -> Self {
        Self::Refused(error.into())
    }
}

impl IntoResponse for Turned {
    fn into_response(self) -> Response {
        match self {
            Self::To(path) => Redirect::to(path).into_response(),
            Self::Refused(problem) => problem.into_response(),
        }
    }
}

/// Leads to another page after something was done: 303, so that a reload does not do it again.
///
/// # Errors
/// 500 for what cannot be a cookie.
pub(super) fn done(path: &str, cookies: impl IntoIterator<Item = String>) -> Result<Response, Turned> {
    with_cookies(Redirect::to(path).into_response(), cookies)
}

/// An answer with these cookies, too.
///
/// # Errors
/// 500 for what cannot be a cookie.
pub(super) fn with_cookies(
    mut response: Response,
    cookies: impl IntoIterator<Item = String>,
) -> Result<Response, Turned> {
    for cookie in cookies {
        let mut value = HeaderValue::from_str(&cookie).map_err(|_| Problem::internal_error())?;
        value.set_sensitive(true);
        response.headers_mut().append(SET_COOKIE, value);
    }
    Ok(response)
}

async fn holds_setup_ticket(visit: &Visit) -> Result<bool, Turned> {
    match visit.crumb(Crumb::Setup) {
        Some(ticket) => Ok(visit.state.engine().setup_holder(&ticket).await?.is_some()),
        None => Ok(false),
    }
}

fn crumb_of(headers: &http::HeaderMap, crumb: Crumb, secure: bool) -> Option<Zeroizing<String>> {
    let jar = CookieJar::from_headers(headers);
    let cookie = jar.get(crumb.name(secure))?;
    (!cookie.value().is_empty()).then(|| Zeroizing::new(cookie.value().to_owned()))
}
