use alloc::{
    borrow::{Cow, ToOwned},
    string::String,
    vec::Vec,
};

use percent_encoding::percent_decode_str;
use zeroize::Zeroize;

use super::{KeyUri, UriKind};
use crate::{Algorithm, Digits, OtpError, Period, Secret};

pub(super) fn parse(uri: &str, read_secret: impl Fn(&str) -> Result<Secret, OtpError>) -> Result<KeyUri, OtpError> {
    if uri.len() > KeyUri::MAX_BYTES {
        return Err(OtpError::UriTooLong);
    }
    let rest = strip_prefix_in_any_case(uri, "otpauth://").ok_or(OtpError::UriKind)?;
    let rest = rest.split_once('#').map_or(rest, |(before, _fragment)| before);
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (kind, label) = path.split_once('/').unwrap_or((path, ""));
    let label = Label::split(label);
    let given = Given::read(query)?;

    let kind = given.kind(kind)?;
    let secret = match decode(given.secret.ok_or(OtpError::UriIncomplete)?)? {
        Cow::Borrowed(text) => read_secret(text)?,
        Cow::Owned(mut text) => {
            let secret = read_secret(&text);
            text.zeroize();
            secret?
        }
    };
    let (algorithm, digits) = match kind {
        UriKind::Steam => (Algorithm::default(), Digits::default()),
        UriKind::Totp { .. } | UriKind::Hotp { .. } => (given.algorithm()?, given.digits()?),
    };

    let (issuer, label_issuer) = match given.issuer {
        // The usual case, for which nothing needs to be decoded twice.
        Some(issuer) if Some(issuer) == label.issuer => (name(issuer)?, None),
        Some(issuer) => match (name(issuer)?, label.issuer.map(name).transpose()?.flatten()) {
            (Some(issuer), Some(other)) if issuer != other => (Some(issuer), Some(other)),
            (Some(issuer), _) => (Some(issuer), None),
            (None, other) => (other, None),
        },
        None => (label.issuer.map(name).transpose()?.flatten(), None),
    };
    let account = name(label.account)?.unwrap_or_default();
    Ok(KeyUri { kind, secret, algorithm, digits, issuer, account, label_issuer, others: given.others })
}

/// Whether a parameter is one that this crate reads and writes itself.
pub(super) fn is_known(name: &str) -> bool {
    KNOWN.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Characters that a name shown to people, or written to a log, must not have.
pub(super) fn has_control(text: &str) -> bool {
    // Most names are printable ASCII, which one pass without a branch can tell.
    let plain = text.bytes().fold(true, |plain, byte| plain & (byte.wrapping_sub(b' ') < 95));
    !plain && text.chars().any(char::is_control)
}

const KNOWN: [&str; 7] = ["secret", "issuer", "algorithm", "digits", "period", "counter", "encoder"];

/// The parameters that a URI has, not yet decoded.
#[derive(Default)]
struct Given<'a> {
    secret: Option<&'a str>,
    issuer: Option<&'a str>,
    algorithm: Option<&'a str>,
    digits: Option<&'a str>,
    period: Option<&'a str>,
    counter: Option<&'a str>,
    encoder: Option<&'a str>,
    others: Vec<(String, String)>,
}

impl<'a> Given<'a> {
    fn read(query: &'a str) -> Result<Self, OtpError> {
        let mut given = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if given.put(name, value)? {
                continue;
            }
            // Unknown as it stands; its decoded form may be known, and must not slip in as a second one.
            let name = decode(name)?;
            if matches!(name, Cow::Owned(_)) && given.put(&name, value)? {
                continue;
            }
            let value = decode(value)?;
            if name.is_empty() || has_control(&name) || has_control(&value) {
                return Err(OtpError::UriParameter);
            }
            given.others.push((name.into_owned(), value.into_owned()));
        }
        Ok(given)
    }

    /// Keeps the value of a known parameter; `false` if it is unknown.
    fn put(&mut self, name: &str, value: &'a str) -> Result<bool, OtpError> {
        let slots = [
            &mut self.secret,
            &mut self.issuer,
            &mut self.algorithm,
            &mut self.digits,
            &mut self.period,
            &mut self.counter,
            &mut self.encoder,
        ];
        let Some((_, slot)) = KNOWN.iter().zip(slots).find(|(known, _)| name.eq_ignore_ascii_case(known)) else {
            return Ok(false);
        };
        if slot.replace(value).is_some() { Err(OtpError::UriDuplicate) } else { Ok(true) }
    }

    /// Which codes the URI is for, by its type and its parameters.
    fn kind(&self, kind: &str) -> Result<UriKind, OtpError> {
        let is = |name: &str| kind.eq_ignore_ascii_case(name);
        match self.encoder {
            Some(encoder) if is("totp") && encoder.eq_ignore_ascii_case("steam") => Ok(UriKind::Steam),
            // Some other way to write a code, which read as digits would be wrong every time.
            Some(_) => Err(OtpError::UriKind),
            None if is("steam") => Ok(UriKind::Steam),
            None if is("totp") => Ok(UriKind::Totp {
                period: self.period.map_or(Ok(Period::default()), |text| Period::from_secs(number(text)?))?,
            }),
            None if is("hotp") => {
                Ok(UriKind::Hotp { counter: self.counter.map(number).transpose()?.ok_or(OtpError::UriIncomplete)? })
            }
            None => Err(OtpError::UriKind),
        }
    }

    fn algorithm(&self) -> Result<Algorithm, OtpError> {
        self.algorithm.map_or(Ok(Algorithm::default()), str::parse)
    }

    fn digits(&self) -> Result<Digits, OtpError> {
        self.digits
            .map_or(Ok(Digits::default()), |text| u8::try_from(number(text)?).map_err(|_| OtpError::Digits)?.try_into())
    }
}

/// The parts of a label, not yet decoded.
struct Label<'a> {
    issuer: Option<&'a str>,
    account: &'a str,
}

impl<'a> Label<'a> {
    /// Of a colon in the clear and an encoded one, the first parts: in `A%3AB:carol` the issuer is `A:B`.
    fn split(label: &'a str) -> Self {
        let encoded = || label.as_bytes().windows(3).position(|three| three.eq_ignore_ascii_case(b"%3a"));
        let parts = label.split_once(':').or_else(|| {
            let at = encoded()?;
            Some((label.get(..at)?, label.get(at + 3..)?))
        });
        match parts {
            Some((issuer, account)) => Self { issuer: Some(issuer), account },
            None => Self { issuer: None, account: label },
        }
    }
}

/// Undoes percent-encoding. A `+` stays one.
fn decode(text: &str) -> Result<Cow<'_, str>, OtpError> {
    if !text.contains('%') {
        return Ok(Cow::Borrowed(text));
    }
    // Collected into room for all of it: growing would cost more than decoding, and leave copies of a secret behind.
    let mut bytes = Vec::with_capacity(text.len());
    bytes.extend(percent_decode_str(text));
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| OtpError::UriParameter)
}

/// Undoes percent-encoding of a name that is shown to people, and cuts off the spaces around it; `None` if nothing is left.
fn name(text: &str) -> Result<Option<String>, OtpError> {
    let text = decode(text).map_err(|_| OtpError::UriLabel)?;
    if has_control(&text) {
        return Err(OtpError::UriLabel);
    }
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Ok(None);
    }
    Ok(Some(if trimmed.len() == text.len() { text.into_owned() } else { trimmed.to_owned() }))
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
