use alloc::string::String;
use core::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{KeyUri, UriKind};
use crate::SecretText;

/// Everything but the unreserved characters of RFC 3986, section 2.3. A space becomes `%20`, which every reader takes for a
/// space; `+` some take for a plus.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// In the label the `@` of an e-mail address stays readable, as in the examples of the Key URI format.
const ENCODED_IN_LABEL: &AsciiSet = &ENCODED.remove(b'@');

pub(super) fn render(uri: &KeyUri) -> SecretText {
    // Room for any URI within bounds, so that growing does not leave unwiped copies behind.
    let mut text = String::with_capacity(capacity(uri));
    write(uri, &mut text);
    SecretText::new(text)
}

fn capacity(uri: &KeyUri) -> usize {
    let names = 2 * uri.issuer.as_ref().map_or(0, String::len) + uri.account.len();
    let others: usize = uri.others.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
    128 + 3 * (names + others) + uri.secret.expose_bytes().len() * 2
}

fn write(uri: &KeyUri, text: &mut String) {
    let label = |name| utf8_percent_encode(name, ENCODED_IN_LABEL);
    let value = |name| utf8_percent_encode(name, ENCODED);
    text.push_str(match uri.kind {
        UriKind::Totp { .. } | UriKind::Steam => "otpauth://totp/",
        UriKind::Hotp { .. } => "otpauth://hotp/",
    });
    if let Some(issuer) = &uri.issuer {
        text.extend(label(issuer));
    }
    // The colon parts issuer and account; without an issuer it is needed only to shield a colon in the account.
    if uri.issuer.is_some() || uri.account.contains(':') {
        text.push(':');
    }
    text.extend(label(&uri.account));
    text.push_str("?secret=");
    text.push_str(uri.secret.to_base32().expose());
    if let Some(issuer) = &uri.issuer {
        text.push_str("&issuer=");
        text.extend(value(issuer));
    }
    let (algorithm, digits) = (uri.algorithm, uri.digits);
    // Writing to a string does not fail.
    let _ = match uri.kind {
        UriKind::Totp { period } => {
            write!(text, "&algorithm={algorithm}&digits={digits}&period={}", period.as_secs())
        }
        UriKind::Hotp { counter } => write!(text, "&algorithm={algorithm}&digits={digits}&counter={counter}"),
        UriKind::Steam => write!(text, "&algorithm=SHA1&digits=5&period=30&encoder=steam"),
    };
    for (name, other) in &uri.others {
        text.push('&');
        text.extend(value(name));
        text.push('=');
        text.extend(value(other));
    }
}
