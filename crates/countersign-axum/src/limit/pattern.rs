use std::{fmt, str::FromStr};

use http::Method;

/// Routes by method and template: `POST /login`, `/login` for every method, `/account/*` for all whose templates begin
/// so.
///
/// A template is what the router was given, such as `/factors/{factor_id}`, and not what a client asks for. `HEAD` counts
/// as `GET`, since a router answers both by the same handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutePattern {
    method: Option<Method>,
    /// With a slash at its end if it is where templates begin.
    template: String,
    below: bool,
}

impl RoutePattern {
    /// The longest template, in bytes.
    pub const MAX_TEMPLATE: usize = 256;

    /// Whether a route is among them.
    #[must_use]
    pub fn contains(&self, method: &Method, template: &str) -> bool {
        let asked = if *method == Method::HEAD { &Method::GET } else { method };
        let same = self.method.as_ref().is_none_or(|method| method == asked);
        same && if self.below { template.starts_with(&self.template) } else { template == self.template }
    }
}

impl FromStr for RoutePattern {
    /// What the text is not.
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (method, template) = match text.split_once(char::is_whitespace) {
            Some((method, template)) => (Some(method_of(method).ok_or(METHOD)?), template.trim()),
            None => (None, text),
        };
        let (bare, below) = template.strip_suffix('*').map_or((template, false), |bare| (bare, true));
        let fits = bare.starts_with('/')
            && bare.len() <= Self::MAX_TEMPLATE
            && bare.bytes().all(|byte| byte.is_ascii_graphic() && !b"*?#,;:".contains(&byte))
            && (!below || bare.ends_with('/'));
        if fits { Ok(Self { method, template: bare.to_owned(), below }) } else { Err(TEMPLATE) }
    }
}

impl fmt::Display for RoutePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(method) = &self.method {
            write!(f, "{method} ")?;
        }
        write!(f, "{}{}", self.template, if self.below { "*" } else { "" })
    }
}

const METHOD: &str = "begins with no method that routes have";
const TEMPLATE: &str = "is no template of a route, such as /login or /account/*";

/// `HEAD` and `OPTIONS` are no routes of their own.
fn method_of(text: &str) -> Option<Method> {
    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE].into_iter().find(|known| *known == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(pattern: &str, method: &Method, template: &str) -> bool {
        pattern.parse::<RoutePattern>().unwrap().contains(method, template)
    }

    #[test]
    fn a_route_is_named_by_method_and_template_or_by_where_it_begins() {
        assert!(contains("POST /login", &Method::POST, "/login"));
        assert!(!contains("POST /login", &Method::GET, "/login"));
        assert!(!contains("POST /login", &Method::POST, "/login/code"));
        assert!(contains("/login", &Method::DELETE, "/login"));
        assert!(contains("GET /login", &Method::HEAD, "/login"));
        assert!(contains("/2fa/*", &Method::POST, "/2fa/factors/{factor_id}"));
        assert!(!contains("/2fa/*", &Method::POST, "/2fa"));
        assert!(!contains("/2fa/*", &Method::POST, "/2fax/setup"));
        assert!(contains("/*", &Method::GET, "/"));
    }

    #[test]
    fn text_comes_back_as_it_was_and_other_texts_are_refused() {
        for text in ["POST /login", "/a/{b}/c", "DELETE /a/*", "/*"] {
            assert_eq!(text.parse::<RoutePattern>().unwrap().to_string(), text);
        }
        for text in ["HEAD /a", "post /a", "TRACE /a", "GET POST /a"] {
            assert!(text.parse::<RoutePattern>().is_err(), "{text:?}");
        }
        for text in ["", "login", "*", "/a*", "/a/*/b", "GET", "/a b", "/a?b", "/ä", "POST "] {
            assert!(text.parse::<RoutePattern>().is_err(), "{text:?}");
        }
    }
}
