/// Why no value could be made from what was given. A wrong code is never one of these: see [`Verdict`](crate::Verdict).
///
/// No message holds any part of a secret or of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OtpError {
    /// The secret has fewer bits than RFC 4226, section 4, R6 demands (128), or than a `danger_` constructor takes (80).
    #[error("the secret is too short")]
    SecretTooShort,
    /// The secret has more than [`Secret::MAX_BYTES`](crate::Secret::MAX_BYTES) bytes.
    #[error("the secret is too long")]
    SecretTooLong,
    /// The text is not Base32 (RFC 4648, section 6): a foreign character, an impossible length, or bits left over.
    #[error("the text is not Base32")]
    Base32,
    /// The number of digits is not 6, 7 or 8.
    #[error("a code has 6, 7 or 8 digits")]
    Digits,
    /// The period is outside 15 to 300 seconds.
    #[error("the period must lie between 15 and 300 seconds")]
    Period,
    /// The algorithm is none of `SHA1`, `SHA256`, `SHA512`.
    #[error("the algorithm is not supported")]
    Algorithm,
    /// The window reaches further than two steps to one side.
    #[error("a window reaches at most two steps back and two ahead")]
    Window,
    /// The drift is further than [`Drift::LIMIT`](crate::Drift::LIMIT) steps from the clock.
    #[error("the drift is out of bounds")]
    Drift,
    /// The look-ahead or the reach is further than its type allows.
    #[error("the look-ahead is too far")]
    LookAhead,
    /// The text is longer than `KeyUri::MAX_BYTES`, or for an export `migration::MAX_BYTES`.
    #[error("the key URI is too long")]
    UriTooLong,
    /// The text does not begin with `otpauth://totp/` or `otpauth://hotp/`.
    #[error("not a key URI for TOTP or HOTP")]
    UriKind,
    /// A key URI has no `secret`, or one for HOTP has no `counter`.
    #[error("the key URI lacks a required parameter")]
    UriIncomplete,
    /// A parameter that this crate knows stands in the key URI more than once, so that two readers may disagree about it.
    #[error("the key URI repeats a parameter")]
    UriDuplicate,
    /// A number in the key URI is not one, or a parameter is not UTF-8 or holds control characters.
    #[error("the key URI has an unreadable parameter")]
    UriParameter,
    /// The issuer or the account is empty where it must not be, holds a colon or control characters, or is not UTF-8.
    #[error("the issuer or the account is not usable as a label")]
    UriLabel,
    /// The form cannot express this: a key URI has no T0; the migration format has neither T0, nor seven digits, nor another
    /// period than 30 seconds.
    #[error("the parameters cannot be expressed in this form")]
    Inexpressible,
    /// The export is damaged, incomplete, or put together from several.
    #[error("the export cannot be read")]
    Migration,
    /// The text does not fit into a QR code.
    #[error("the text does not fit into a QR code")]
    Qr,
}
