//! Key URIs, as the Key URI format of Google Authenticator describes them and as the authenticators read them.

mod parse;
mod render;

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::fmt;

use crate::{Algorithm, Digits, Hotp, OtpError, Period, Secret, SecretText, Steam, Totp, UnixTime};

/// What an authenticator is given to make codes: a secret, its parameters, and whose account it is.
///
/// ```
/// use countersign_otp::{KeyUri, Secret, Totp};
///
/// let totp = Totp::new(Secret::from(*b"12345678901234567890"));
/// let uri = KeyUri::totp(&totp, "Example Co", "alice@example.com")?;
/// assert_eq!(
///     uri.expose().expose(),
///     "otpauth://totp/Example%20Co:alice@example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example%20Co\
///      &algorithm=SHA1&digits=6&period=30",
/// );
/// # Ok::<(), countersign_otp::OtpError>(())
/// ```
pub struct KeyUri {
    kind: UriKind,
    secret: Secret,
    algorithm: Algorithm,
    digits: Digits,
    issuer: Option<String>,
    account: String,
    label_issuer: Option<String>,
    others: Vec<(String, String)>,
}

/// Which codes a key URI is for, with the parameter that only they have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UriKind {
    /// Time-based codes.
    Totp {
        /// How long a code lasts.
        period: Period,
    },
    /// Counter-based codes.
    Hotp {
        /// The counter of the first code.
        counter: u64,
    },
    /// Steam's codes, whose parameters are fixed. Read from `otpauth://steam/` or `encoder=steam`, written as the latter.
    Steam,
}

impl KeyUri {
    /// The longest URI that is read or made, in bytes.
    pub const MAX_BYTES: usize = 2048;

    /// The URI that gives `totp` to an authenticator. `issuer` names the service and may be empty; `account` names the user
    /// within it and may not. Spaces around either are cut off.
    ///
    /// # Errors
    /// [`OtpError::UriLabel`] for an empty account, a colon or a control character; [`OtpError::Inexpressible`] for a T0 other
    /// than the epoch; [`OtpError::UriTooLong`].
    pub fn totp(totp: &Totp, issuer: &str, account: &str) -> Result<Self, OtpError> {
        if totp.get_t0() != UnixTime::default() {
            return Err(OtpError::Inexpressible);
        }
        let kind = UriKind::Totp { period: totp.get_period() };
        Self::build(kind, totp.secret(), totp.get_algorithm(), totp.get_digits(), issuer, account)
    }

    /// The URI that gives `hotp` to an authenticator, whose first code will be the one of `counter`. For the names see
    /// [`totp`](Self::totp).
    ///
    /// # Errors
    /// [`OtpError::UriLabel`] for an empty account, a colon or a control character; [`OtpError::UriTooLong`].
    pub fn hotp(hotp: &Hotp, counter: u64, issuer: &str, account: &str) -> Result<Self, OtpError> {
        let kind = UriKind::Hotp { counter };
        Self::build(kind, hotp.secret(), hotp.get_algorithm(), hotp.get_digits(), issuer, account)
    }

    /// The URI that gives `steam` to an authenticator that knows Steam's codes. For the names see [`totp`](Self::totp).
    ///
    /// # Errors
    /// [`OtpError::UriLabel`] for an empty account, a colon or a control character; [`OtpError::UriTooLong`].
    pub fn steam(steam: &Steam, issuer: &str, account: &str) -> Result<Self, OtpError> {
        let (algorithm, digits) = (Algorithm::default(), Digits::default());
        Self::build(UriKind::Steam, steam.secret(), algorithm, digits, issuer, account)
    }

    /// Adds a parameter of which this crate knows nothing, such as `image`.
    ///
    /// # Errors
    /// [`OtpError::UriDuplicate`] if the name is one that this crate writes itself; [`OtpError::UriParameter`] for an empty name
    /// or a control character; [`OtpError::UriTooLong`].
    pub fn with_parameter(mut self, name: &str, value: &str) -> Result<Self, OtpError> {
        if parse::is_known(name) {
            return Err(OtpError::UriDuplicate);
        }
        if name.is_empty() || parse::has_control(name) || parse::has_control(value) {
            return Err(OtpError::UriParameter);
        }
        self.others.push((name.to_owned(), value.to_owned()));
        self.bounded()
    }

    /// Reads a key URI.
    ///
    /// Scheme, type and the names of known parameters may be in any case. Percent-encoding is undone; a `+` is a plus. The label
    /// is split at a literal colon first, and at `%3A` if there is none. A `secret` is read as
    /// [`Secret::from_base32`] does. Missing parameters have the defaults of [`Totp`]. A fragment is ignored.
    ///
    /// # Errors
    /// [`OtpError::UriTooLong`], [`OtpError::UriKind`], [`OtpError::UriLabel`], [`OtpError::UriParameter`],
    /// [`OtpError::UriDuplicate`], [`OtpError::UriIncomplete`]; [`OtpError::Digits`], [`OtpError::Period`],
    /// [`OtpError::Algorithm`] and those of [`Secret::from_base32`] for values out of bounds.
    pub fn parse(uri: &str) -> Result<Self, OtpError> {
        parse::parse(uri, Secret::from_base32)
    }

    /// As [`parse`](Self::parse), for a secret that exists already and is shorter than it should be: see
    /// [`Secret::danger_from_short_base32`].
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn danger_parse_short(uri: &str) -> Result<Self, OtpError> {
        parse::parse(uri, Secret::danger_from_short_base32)
    }

    /// The URI as text. It holds the secret: show it to its owner, once, and put it nowhere else.
    #[must_use]
    pub fn expose(&self) -> SecretText {
        render::render(self)
    }

    /// The time-based codes of this URI; `None` if it is for counter-based ones.
    #[must_use]
    pub fn to_totp(&self) -> Option<Totp> {
        let UriKind::Totp { period } = self.kind else { return None };
        Some(Totp::new(self.secret.duplicate()).algorithm(self.algorithm).digits(self.digits).period(period))
    }

    /// The counter-based codes of this URI, and the counter of the first; `None` if it is for time-based ones.
    #[must_use]
    pub fn to_hotp(&self) -> Option<(Hotp, u64)> {
        let UriKind::Hotp { counter } = self.kind else { return None };
        Some((Hotp::new(self.secret.duplicate()).algorithm(self.algorithm).digits(self.digits), counter))
    }

    /// The Steam codes of this URI; `None` if it is for others.
    #[must_use]
    pub fn to_steam(&self) -> Option<Steam> {
        matches!(self.kind, UriKind::Steam).then(|| Steam::new(self.secret.duplicate()))
    }

    /// Which codes, and their period or counter.
    #[must_use]
    pub const fn kind(&self) -> UriKind {
        self.kind
    }

    /// The secret.
    #[must_use]
    pub const fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The hash; SHA-1 for Steam.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// How many digits a code has. Does not apply to Steam's, which have five characters.
    #[must_use]
    pub const fn digits(&self) -> Digits {
        self.digits
    }

    /// The service: the `issuer` parameter, or else the prefix of the label.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// The user's name within the service.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }

    /// A warning: the label of the URI that was read names this issuer, and the `issuer` parameter another, which counts.
    #[must_use]
    pub fn other_issuer(&self) -> Option<&str> {
        self.label_issuer.as_deref()
    }

    /// The parameters that this crate does not know, decoded, in their order.
    pub fn other_parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.others.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn build(
        kind: UriKind,
        secret: &Secret,
        algorithm: Algorithm,
        digits: Digits,
        issuer: &str,
        account: &str,
    ) -> Result<Self, OtpError> {
        let (issuer, account) = (issuer.trim(), account.trim());
        if account.is_empty() || account.contains(':') || issuer.contains(':') {
            return Err(OtpError::UriLabel);
        }
        Self::imported(kind, secret.duplicate(), algorithm, digits, issuer, account)
    }

    /// A URI of parts that were made elsewhere, whose names may be less tidy than ours: a colon or an empty account is let pass.
    pub(crate) fn imported(
        kind: UriKind,
        secret: Secret,
        algorithm: Algorithm,
        digits: Digits,
        issuer: &str,
        account: &str,
    ) -> Result<Self, OtpError> {
        if parse::has_control(issuer) || parse::has_control(account) {
            return Err(OtpError::UriLabel);
        }
        let uri = Self {
            kind,
            secret,
            algorithm,
            digits,
            issuer: (!issuer.is_empty()).then(|| issuer.to_owned()),
            account: account.to_owned(),
            label_issuer: None,
            others: Vec::new(),
        };
        uri.bounded()
    }

    fn bounded(self) -> Result<Self, OtpError> {
        if self.expose().expose().len() > Self::MAX_BYTES { Err(OtpError::UriTooLong) } else { Ok(self) }
    }
}

impl fmt::Debug for KeyUri {
    /// Everything but the secret. Unknown parameters are left out too: nobody knows what they hold.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyUri")
            .field("kind", &self.kind)
            .field("secret", &self.secret)
            .field("algorithm", &self.algorithm)
            .field("digits", &self.digits)
            .field("issuer", &self.issuer)
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}
