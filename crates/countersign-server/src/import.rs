use countersign::{
    otp::{Algorithm, Digits, KeyUri, OtpError, Period, Secret, Totp},
    store::UserId,
};
use countersign_axum::SecretField;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    email::EmailAddress,
    password_hash::{HashProblem, PasswordHash},
};

/// One line of `countersign-server user import`: an account of another system, as a JSON object.
///
/// ```json
/// {"email":"ada@example.com","password_hash":"$2b$12$..","secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}
/// {"email":"eve@example.com","password_hash":"$argon2id$v=19$m=65536,t=3,p=4$..","uri":"otpauth://totp/Example:eve?secret=.."}
/// {"email":"bob@example.com","password_hash":"$pbkdf2-sha256$i=600000,l=32$.."}
/// ```
///
/// The secret of an authenticator stands as Base32, with `digits`, `period` and `algorithm` beside it where they are not
/// 6, 30 and SHA1, or as a key URI.
pub struct ImportLine {
    pub(crate) email: EmailAddress,
    pub(crate) password: PasswordHash,
    codes: Option<Totp>,
}

/// Why a line is not imported. No message holds anything of what the line holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineProblem {
    /// It is longer than [`ImportLine::LONGEST`].
    #[error("it is longer than 16 KiB")]
    TooLong,
    /// It is not JSON, or not UTF-8.
    #[error("it is not JSON: see column {column}")]
    Json {
        /// Where, in bytes from 1.
        column: usize,
    },
    /// The object is not one of an account.
    #[error(
        "a field is missing, unknown, given twice or of another type: see column {column}; `email` and `password_hash` are \
         needed, `secret`, `uri`, `digits`, `period` and `algorithm` may follow"
    )]
    Fields {
        /// Where, in bytes from 1.
        column: usize,
    },
    /// The address is not one that an account can have.
    #[error("`email` is not an address that can be used")]
    Email,
    /// The password hash cannot be checked at a sign-in, or should not be.
    #[error("`password_hash` {0}")]
    Hash(#[source] HashProblem),
    /// The secret or the key URI cannot be used.
    #[error("the second factor cannot be used: {0}")]
    Factor(#[source] OtpError),
    /// There is more than one secret, or a parameter without one.
    #[error("`secret` and `uri` exclude each other; `digits`, `period` and `algorithm` go with `secret` alone")]
    Source,
    /// The key URI is for codes that this server does not ask for.
    #[error("the second factor cannot be used: only time-based codes of six or eight digits are")]
    Codes,
}

impl ImportLine {
    /// The longest line that is read, in bytes.
    pub const LONGEST: usize = 16 * 1024;

    /// Reads a line, without its end.
    ///
    /// # Errors
    /// [`LineProblem`].
    pub fn parse(line: &[u8]) -> Result<Self, LineProblem> {
        if line.len() > Self::LONGEST {
            return Err(LineProblem::TooLong);
        }
        let fields: Fields = serde_json::from_slice(line).map_err(|error| {
            // Its text may hold a value of the line.
            let column = error.column();
            if error.is_data() { LineProblem::Fields { column } } else { LineProblem::Json { column } }
        })?;
        let email = fields.email.parse().map_err(|_| LineProblem::Email)?;
        let password = PasswordHash::parse(&fields.password_hash).map_err(LineProblem::Hash)?;
        Ok(Self { email, password, codes: fields.codes()? })
    }

    /// The line of the engine's import that gives this second factor to an account; `None` where there is none.
    pub(crate) fn factor(&self, user: &UserId) -> Option<Zeroizing<String>> {
        let totp = self.codes.as_ref()?;
        let secret = totp.secret().to_base32();
        let line = FactorLine {
            user: user.as_str(),
            secret: secret.expose(),
            digits: totp.get_digits().get(),
            period: totp.get_period().as_secs(),
            algorithm: totp.get_algorithm().to_string(),
        };
        // Texts and numbers always become JSON.
        serde_json::to_string(&line).ok().map(Zeroizing::new)
    }

    /// Whether there is a second factor.
    #[must_use]
    pub const fn has_factor(&self) -> bool {
        self.codes.is_some()
    }
}

impl std::fmt::Debug for ImportLine {
    /// Without what it holds.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ImportLine").field("has_factor", &self.has_factor()).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    email: String,
    password_hash: String,
    secret: Option<SecretField>,
    uri: Option<SecretField>,
    digits: Option<u8>,
    period: Option<u64>,
    algorithm: Option<String>,
}

impl Fields {
    fn codes(&self) -> Result<Option<Totp>, LineProblem> {
        let has_parameters = self.digits.is_some() || self.period.is_some() || self.algorithm.is_some();
        let totp = match (&self.secret, &self.uri) {
            (None, None) if !has_parameters => return Ok(None),
            (Some(secret), None) => self.totp(secret.expose_str()).map_err(LineProblem::Factor)?,
            (None, Some(uri)) if !has_parameters => {
                let uri = KeyUri::parse(uri.expose_str()).map_err(LineProblem::Factor)?;
                uri.to_totp().ok_or(LineProblem::Codes)?
            }
            _ => return Err(LineProblem::Source),
        };
        // What the server's own requests take.
        if [6, 8].contains(&totp.get_digits().get()) { Ok(Some(totp)) } else { Err(LineProblem::Codes) }
    }

    fn totp(&self, secret: &str) -> Result<Totp, OtpError> {
        let mut totp = Totp::new(Secret::from_base32(secret)?);
        if let Some(digits) = self.digits {
            totp = totp.digits(Digits::try_from(digits)?);
        }
        if let Some(period) = self.period {
            totp = totp.period(Period::from_secs(period)?);
        }
        if let Some(algorithm) = &self.algorithm {
            totp = totp.algorithm(algorithm.parse::<Algorithm>()?);
        }
        Ok(totp)
    }
}

#[derive(Serialize)]
struct FactorLine<'a> {
    user: &'a str,
    secret: &'a str,
    digits: u8,
    period: u64,
    algorithm: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "$2b$10$abcdefghijklmnopqrstuuWmrX/toxJOfiI2ZZ0QfIe.4aART8CiC";
    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    fn problem(line: &str) -> LineProblem {
        ImportLine::parse(line.as_bytes()).expect_err(line)
    }

    fn with(more: &str) -> String {
        format!(r#"{{"email":"ada@example.com","password_hash":"{HASH}"{more}}}"#)
    }

    #[test]
    fn an_account_is_read_with_its_factor_or_without() {
        let line = ImportLine::parse(with("").replace("ada@example.com", "Ada@Example.com").as_bytes()).unwrap();
        assert_eq!((line.email.as_str(), line.password.as_str(), line.has_factor()), ("ada@example.com", HASH, false));
        let user = UserId::new("17").unwrap();
        assert!(line.factor(&user).is_none());
        let uri = format!("otpauth://totp/Example:ada?secret={SECRET}&digits=8&period=60&algorithm=SHA256");
        for more in [
            format!(r#","secret":"{SECRET}","digits":8,"period":60,"algorithm":"SHA256""#),
            format!(r#","uri":"{uri}""#),
        ] {
            let line = ImportLine::parse(with(&more).as_bytes()).unwrap();
            let expected =
                format!(r#"{{"user":"17","secret":"{SECRET}","digits":8,"period":60,"algorithm":"SHA256"}}"#);
            assert_eq!(line.factor(&user).unwrap().as_str(), expected);
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let secret = |more: &str| with(&format!(r#","secret":"{SECRET}"{more}"#));
        let uri = |uri: &str| with(&format!(r#","uri":"{uri}""#));
        for (line, expected) in [
            ("{".to_owned(), LineProblem::Json { column: 1 }),
            ("ada@example.com".to_owned(), LineProblem::Json { column: 1 }),
            (format!("{} {}", with(""), with("")), LineProblem::Json { column: with("").len() + 2 }),
            (with("").replace("ada@example.com", "ada"), LineProblem::Email),
            (with(r#","secret":"GEZDGNBVGY3TQOJQ""#), LineProblem::Factor(OtpError::SecretTooShort)),
            (with(r#","secret":"""#), LineProblem::Factor(OtpError::SecretTooShort)),
            (with(r#","secret":"GEZDGNBVGY3TQOJ1GEZDGNBVGY3TQOJQ""#), LineProblem::Factor(OtpError::Base32)),
            (secret(r#","digits":9"#), LineProblem::Factor(OtpError::Digits)),
            (secret(r#","digits":7"#), LineProblem::Codes),
            (secret(r#","period":1"#), LineProblem::Factor(OtpError::Period)),
            (secret(r#","algorithm":"MD5""#), LineProblem::Factor(OtpError::Algorithm)),
            (secret(r#","uri":"otpauth://totp/a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ""#), LineProblem::Source),
            (with(r#","digits":6"#), LineProblem::Source),
            (uri("otpauth://totp/ada?secret=GEZDGNBVGY3TQOJQ"), LineProblem::Factor(OtpError::SecretTooShort)),
            (uri("https://example.com"), LineProblem::Factor(OtpError::UriKind)),
            (uri(&format!("otpauth://hotp/ada?secret={SECRET}&counter=0")), LineProblem::Codes),
            (
                uri(&format!("otpauth://totp/ada?secret={SECRET}&secret={SECRET}")),
                LineProblem::Factor(OtpError::UriDuplicate),
            ),
            (with("").replace(HASH, "hunter2"), LineProblem::Hash(HashProblem::Unknown)),
        ] {
            assert_eq!(problem(&line), expected, "{line}");
        }
        for line in [
            "[]".to_owned(),
            "{}".to_owned(),
            with(r#","password":"hunter2""#),
            with(r#","email":"eve@example.com""#),
            with(r#","digits":4294967296"#),
            with("").replace(&format!("\"{HASH}\""), "null"),
        ] {
            assert!(matches!(problem(&line), LineProblem::Fields { .. }), "{line}");
        }
        assert_eq!(problem(&with(&" ".repeat(ImportLine::LONGEST))), LineProblem::TooLong);
    }

    #[test]
    fn no_message_holds_what_the_line_holds() {
        for line in [
            with(r#","digits":"hunter2""#),
            with(r#","hunter2":1"#),
            with("").replace(HASH, "hunter2"),
            with(r#","algorithm":"hunter2","secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ""#),
        ] {
            assert!(!problem(&line).to_string().contains("hunter2"), "{line}");
        }
        assert!(!format!("{:?}", ImportLine::parse(with("").as_bytes()).unwrap()).contains("ada"));
    }
}
