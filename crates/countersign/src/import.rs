use countersign_backup_codes::Spelling;
use countersign_otp::{Algorithm, Digits, Hotp, KeyUri, Period, Secret, Totp};
use countersign_store::UserId;
use countersign_vault::legacy::{self, LegacyKey};
use serde::{Deserialize, Deserializer, de};
use zeroize::Zeroizing;

/// What one line of an import says: one user of another system, as JSON.
///
/// ```json
/// {"user":"17","secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","digits":6,"period":30,"algorithm":"SHA1","name":"Phone"}
/// {"user":"18","uri":"otpauth://totp/Example:eve@example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}
/// {"user":"19","sealed":{"hex_json":"{\"encrypted\":\"..\",\"iv\":\"..\",\"authTag\":\"..\"}"},"backup_codes":["pbkdf2_sha256$..$..$.."]}
/// ```
///
/// A secret stands as Base32, as an `otpauth://` URI, or as the text that another system sealed: then Base32 is what it
/// has to open to.
pub(crate) struct ImportedUser {
    pub(crate) user: UserId,
    pub(crate) name: Option<String>,
    pub(crate) codes: ImportedCodes,
    pub(crate) backup_codes: Option<(Vec<String>, Spelling)>,
}

/// The generator that was read.
pub(crate) enum ImportedCodes {
    Totp(Totp),
    Hotp(Hotp, u64),
}

/// How lines are read.
#[derive(Debug, Default)]
pub struct ImportOptions {
    legacy_key: Option<LegacyKey>,
    short_secrets: bool,
}

/// Why a line was not imported. The others are not touched by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportProblem {
    /// It is not a line of the form that is read.
    #[error("not a line of an import: JSON with known fields, each once, at most 16 KiB")]
    Form,
    /// The user id is not one.
    #[error("not a user id")]
    User,
    /// There is no secret, or there are two.
    #[error("one of `secret`, `uri` and `sealed` is needed")]
    Source,
    /// What is sealed does not open, or there is no key for it.
    #[error("the sealed secret does not open")]
    Sealed,
    /// The secret is not Base32 or too short, or a parameter is out of range.
    #[error("the secret or a parameter is not one that can be used")]
    Secret,
    /// A backup code's hash is not one that can be checked.
    #[error("a hash of a backup code cannot be used")]
    BackupCodes,
    /// The user has a live factor already, or one that should be there and is not.
    #[error("the user has a second factor already")]
    Enrolled,
}

impl ImportOptions {
    /// Nothing sealed, no short secrets.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The key under which the other system sealed its secrets.
    #[must_use]
    pub fn legacy_key(mut self, key: LegacyKey) -> Self {
        self.legacy_key = Some(key);
        self
    }

    /// Takes secrets of 80 to 127 bits, shorter than RFC 4226 demands (section 4, R6), because users have them in their
    /// authenticators. Let them enrol anew when you can.
    #[must_use]
    pub const fn danger_short_secrets(mut self) -> Self {
        self.short_secrets = true;
        self
    }

    fn secret(&self, base32: &str) -> Result<Secret, ImportProblem> {
        let read = if self.short_secrets { Secret::danger_from_short_base32 } else { Secret::from_base32 };
        read(base32).map_err(|_| ImportProblem::Secret)
    }

    fn open(&self, sealed: &SealedSecret) -> Result<Secret, ImportProblem> {
        let key = self.legacy_key.as_ref().ok_or(ImportProblem::Sealed)?;
        let opened = match sealed {
            SealedSecret::HexJson(text) => legacy::open_hex_json(key, &text.0),
            SealedSecret::Base64(text) => legacy::open_base64(key, &text.0),
        };
        let opened = opened.map_err(|_| ImportProblem::Sealed)?;
        self.secret(str::from_utf8(opened.expose_bytes()).map_err(|_| ImportProblem::Secret)?)
    }
}

impl ImportedUser {
    /// The longest line that is read, in bytes.
    const LONGEST: usize = 16 * 1024;

    pub(crate) fn parse(line: &str, options: &ImportOptions) -> Result<Self, ImportProblem> {
        if line.len() > Self::LONGEST {
            return Err(ImportProblem::Form);
        }
        let line: Line = serde_json::from_str(line).map_err(|_| ImportProblem::Form)?;
        let user = UserId::new(line.user.as_str()).map_err(|_| ImportProblem::User)?;
        let codes = match (&line.secret, &line.uri, &line.sealed) {
            (Some(base32), None, None) => line.totp(options.secret(&base32.0)?)?,
            (None, None, Some(sealed)) => line.totp(options.open(sealed)?)?,
            (None, Some(uri), None) if line.has_no_parameters() => {
                let parse = if options.short_secrets { KeyUri::danger_parse_short } else { KeyUri::parse };
                let uri = parse(&uri.0).map_err(|_| ImportProblem::Secret)?;
                match (uri.to_totp(), uri.to_hotp()) {
                    (Some(totp), _) => ImportedCodes::Totp(totp),
                    (None, Some((hotp, counter))) => ImportedCodes::Hotp(hotp, counter),
                    (None, None) => return Err(ImportProblem::Secret),
                }
            }
            _ => return Err(ImportProblem::Source),
        };
        let spelling = line.backup_code_spelling.unwrap_or_default();
        Ok(Self { user, name: line.name, codes, backup_codes: line.backup_codes.map(|codes| (codes, spelling)) })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    user: String,
    name: Option<String>,
    secret: Option<SecretField>,
    uri: Option<SecretField>,
    sealed: Option<SealedSecret>,
    digits: Option<u8>,
    period: Option<u64>,
    algorithm: Option<String>,
    backup_codes: Option<Vec<String>>,
    backup_code_spelling: Option<Spelling>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum SealedSecret {
    HexJson(SecretField),
    Base64(SecretField),
}

/// A field that is wiped.
struct SecretField(Zeroizing<String>);

impl<'de> Deserialize<'de> for SecretField {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text))).map_err(de::Error::custom)
    }
}

impl Line {
    const fn has_no_parameters(&self) -> bool {
        self.digits.is_none() && self.period.is_none() && self.algorithm.is_none()
    }

    fn totp(&self, secret: Secret) -> Result<ImportedCodes, ImportProblem> {
        let mut totp = Totp::new(secret);
        if let Some(digits) = self.digits {
            totp = totp.digits(Digits::try_from(digits).map_err(|_| ImportProblem::Secret)?);
        }
        if let Some(period) = self.period {
            totp = totp.period(Period::from_secs(period).map_err(|_| ImportProblem::Secret)?);
        }
        if let Some(algorithm) = &self.algorithm {
            totp = totp.algorithm(algorithm.parse::<Algorithm>().map_err(|_| ImportProblem::Secret)?);
        }
        Ok(ImportedCodes::Totp(totp))
    }
}
