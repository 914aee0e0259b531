use alloc::{
    borrow::Cow,
    string::{String, ToString},
    vec::Vec,
};

use percent_encoding::percent_decode_str;
use zeroize::Zeroize;

use super::{KeyUri, UriKind};
use crate::{Algorithm, Digits, OtpError, Period, Secret};

pub(super) fn parse(uri: &str, read_secret: fn(&str) -> Result<Secret, OtpError>) -> Result<KeyUri, OtpError> {
    if uri.len() > KeyUri::MAX_BYTES {
        return Err(OtpError::UriTooLong);
    }
    let rest = strip_prefix_in_any_case(uri, "otpauth://").ok_or(OtpError::UriKind)?;
    let rest = rest.split_once('#').map_or(rest, |(before, _fragment)| before);
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (kind, label) = path.split_once('/').unwrap_or((path, ""));
    let is_totp = kind.eq_ignore_ascii_case("totp");
    if !is_totp && !kind.eq_ignore_ascii_case("hotp") {
        return Err(OtpError::UriKind);
    }
    let (label_issuer, account) = read_label(label)?;
    let given = Given::read(query)?;

    let secret = match decode(given.secret.ok_or(OtpError::UriIncomplete)?)? {
        Cow::Borrowed(text) => read_secret(text)?,
        Cow::Owned(mut text) => {
            let secret = read_secret(&text);
            text.zeroize();
            secret?
        }
    };
    let algorithm = given.algorithm.map_or(Ok(Algorithm::default()), str::parse)?;
    let digits = given
        .digits
        .map_or(Ok(Digits::default()), |text| u8::try_from(number(text)?).map_err(|_| OtpError::Digits)?.try_into())?;
    let period = given.period.map_or(Ok(Period::default()), |text| Period::from_secs(number(text)?))?;
    let counter = given.counter.map(number).transpose()?;
    let kind = if is_totp {
        UriKind::Totp { period }
    } else {
        UriKind::Hotp { counter: counter.ok_or(OtpError::UriIncomplete)? }
    };

    let issuer = given.issuer.map(|issuer| readable(issuer, OtpError::UriLabel)).transpose()?;
    let issuer = issuer.map(|issuer| issuer.trim().to_string()).filter(|issuer| !issuer.is_empty());
    let (issuer, label_issuer) = match (issuer, label_issuer) {
        (Some(issuer), Some(other)) if issuer != other => (Some(issuer), Some(other)),
        (Some(issuer), _) | (None, Some(issuer)) => (Some(issuer), None),
        (None, None) => (None, None),
    };
    Ok(KeyUri { kind, secret, algorithm, digits, issuer, account, label_issuer, others: given.others })
}

/// Whether a parameter is one that this crate reads and writes itself.
pub(super) fn is_known(name: &str) -> bool {
    KNOWN.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Characters that a name shown to people, or written to a log, must not have.
pub(super) fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

const KNOWN: [&str; 6] = ["secret", "issuer", "algorithm", "digits", "period", "counter"];

/// The parameters that a URI has, not yet decoded.
#[derive(Default)]
struct Given<'a> {
    secret: Option<&'a str>,
    issuer: Option<&'a str>,
    algorithm: Option<&'a str>,
    digits: Option<&'a str>,
    period: Option<&'a str>,
    counter: Option<&'a str>,
    others: Vec<(String, String)>,
}

impl<'a> Given<'a> {
    fn read(query: &'a str) -> Result<Self, OtpError> {
        let mut given = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name)?;
            let slots = [
                &mut given.secret,
                &mut given.issuer,
                &mut given.algorithm,
                &mut given.digits,
                &mut given.period,
                &mut given.counter,
            ];
            match KNOWN.iter().zip(slots).find(|(known, _)| name.eq_ignore_ascii_case(known)) {
                Some((_, slot)) => {
                    if slot.replace(value).is_some() {
                        return Err(OtpError::UriDuplicate);
                    }
                }
                None if name.is_empty() || has_control(&name) => return Err(OtpError::UriParameter),
                None => given.others.push((name.into_owned(), readable(value, OtpError::UriParameter)?.into_owned())),
            }
        }
        Ok(given)
    }
}

/// The issuer, if the label has one, and the account.
fn read_label(label: &str) -> Result<(Option<String>, String), OtpError> {
    // Of a colon in the clear and an encoded one, the first parts: in `A%3AB:carol` the issuer is `A:B`.
    let encoded = || label.as_bytes().windows(3).position(|three| three.eq_ignore_ascii_case(b"%3a"));
    let (issuer, account) = match (label.split_once(':'), encoded()) {
        (Some((issuer, account)), _) => (issuer, account),
        (None, Some(at)) => (label.get(..at).unwrap_or_default(), label.get(at + 3..).unwrap_or_default()),
        (None, None) => ("", label),
    };
    let issuer = readable(issuer, OtpError::UriLabel)?;
    let account = readable(account, OtpError::UriLabel)?;
    let issuer = Some(issuer.trim().to_string()).filter(|issuer| !issuer.is_empty());
    Ok((issuer, account.trim().to_string()))
}

/// Undoes percent-encoding. A `+` stays one.
fn decode(text: &str) -> Result<Cow<'_, str>, OtpError> {
    if !text.contains('%') {
        return Ok(Cow::Borrowed(text));
    }
    percent_decode_str(text).decode_utf8().map_err(|_| OtpError::UriParameter)
}

/// Undoes percent-encoding of what may be shown, or gives `error`.
fn readable(text: &str, error: OtpError) -> Result<Cow<'_, str>, OtpError> {
    decode(text).ok().filter(|text| !has_control(text)).ok_or(error)
}

/// Decimal ASCII digits and nothing else: `parse` alone would let a plus through.
fn number(text: &str) -> Result<u64, OtpError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(OtpError::UriParameter);
    }
    text.parse().map_err(|_| OtpError::UriParameter)
}

fn strip_prefix_in_any_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}
