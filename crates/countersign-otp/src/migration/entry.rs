use alloc::{
    borrow::ToOwned,
    string::{String, ToString},
};

use super::wire::{Field, Reader, Writer};
use crate::{Algorithm, Digits, KeyUri, OtpError, Period, Secret, UriKind};

/// An entry of an export that this crate does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The service, as far as it could be read.
    pub issuer: String,
    /// The user's name within the service, as far as it could be read.
    pub account: String,
    /// What is wrong with the entry.
    pub reason: OtpError,
}

/// Reads one entry. Only what breaks the whole text is an error.
pub(super) fn read(
    message: &[u8],
    read_secret: fn(&[u8]) -> Result<Secret, OtpError>,
) -> Result<Result<KeyUri, Refused>, OtpError> {
    let mut raw = Raw::default();
    let mut reader = Reader::new(message);
    while let Some(field) = reader.next()? {
        match field {
            (1, Field::Bytes(secret)) => raw.secret = secret,
            (2, Field::Bytes(name)) => raw.name = name,
            (3, Field::Bytes(issuer)) => raw.issuer = issuer,
            (4, Field::Varint(algorithm)) => raw.algorithm = algorithm,
            (5, Field::Varint(digits)) => raw.digits = digits,
            (6, Field::Varint(kind)) => raw.kind = kind,
            (7, Field::Varint(counter)) => raw.counter = counter,
            _ => {}
        }
    }
    let (issuer, account) = raw.names();
    Ok(raw.uri(&issuer, &account, read_secret).map_err(|reason| Refused { issuer, account, reason }))
}

/// Writes one entry.
pub(super) fn write(uri: &KeyUri, writer: &mut Writer) -> Result<(), OtpError> {
    let (kind, counter) = match uri.kind() {
        UriKind::Hotp { counter } => (1, counter),
        UriKind::Totp { period: Period::THIRTY_SECONDS } => (2, 0),
        UriKind::Totp { .. } | UriKind::Steam => return Err(OtpError::Inexpressible),
    };
    let algorithm = match uri.algorithm() {
        Algorithm::Sha1 => 1,
        Algorithm::Sha256 => 2,
        Algorithm::Sha512 => 3,
    };
    let digits = match uri.digits() {
        Digits::SIX => 1,
        Digits::EIGHT => 2,
        _ => return Err(OtpError::Inexpressible),
    };
    // The app puts the issuer before the account as well, as in the label of a key URI.
    let name = uri.issuer().map_or_else(|| uri.account().to_owned(), |issuer| [issuer, ":", uri.account()].concat());
    writer.bytes(1, uri.secret().expose_bytes());
    writer.bytes(2, name.as_bytes());
    writer.bytes(3, uri.issuer().unwrap_or_default().as_bytes());
    writer.varint(4, algorithm);
    writer.varint(5, digits);
    writer.varint(6, kind);
    if kind == 1 {
        writer.varint(7, counter);
    }
    Ok(())
}

/// The fields as they stand; zero and empty are what the format leaves out.
#[derive(Default)]
struct Raw<'a> {
    secret: &'a [u8],
    name: &'a [u8],
    issuer: &'a [u8],
    algorithm: u64,
    digits: u64,
    kind: u64,
    counter: u64,
}

impl Raw<'_> {
    /// The issuer and the account. The name may begin with the issuer and a colon, which are not part of the account.
    fn names(&self) -> (String, String) {
        let text = |bytes| String::from_utf8_lossy(bytes).trim().to_string();
        let (issuer, name) = (text(self.issuer), text(self.name));
        let parts = match issuer.as_str() {
            "" => name.split_once(':'),
            issuer => {
                name.strip_prefix(issuer).and_then(|rest| rest.strip_prefix(':')).map(|account| (issuer, account))
            }
        };
        match parts {
            Some((issuer, account)) => (issuer.trim().to_owned(), account.trim().to_owned()),
            None => (issuer, name),
        }
    }

    fn uri(
        &self,
        issuer: &str,
        account: &str,
        read_secret: fn(&[u8]) -> Result<Secret, OtpError>,
    ) -> Result<KeyUri, OtpError> {
        let secret = read_secret(self.secret)?;
        let algorithm = match self.algorithm {
            0 | 1 => Algorithm::Sha1,
            2 => Algorithm::Sha256,
            3 => Algorithm::Sha512,
            _ => return Err(OtpError::Algorithm),
        };
        let digits = match self.digits {
            0 | 1 => Digits::SIX,
            2 => Digits::EIGHT,
            _ => return Err(OtpError::Digits),
        };
        let kind = match self.kind {
            0 | 2 => UriKind::Totp { period: Period::default() },
            1 => UriKind::Hotp { counter: self.counter },
            _ => return Err(OtpError::UriKind),
        };
        KeyUri::imported(kind, secret, algorithm, digits, issuer, account)
    }
}
