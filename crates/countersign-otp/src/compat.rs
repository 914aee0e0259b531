//! What well-known authenticators do with parameters other than SHA-1, six digits and 30 seconds.
//!
//! Many take any key URI and then show codes of the defaults, and nobody notices before the first sign-in fails. A server that
//! wants other parameters can warn beforehand, name apps that work, and ask for a code before the factor counts.
//!
//! ```
//! use countersign_otp::{Algorithm, Digits, Period, compat::{self, Parameter}};
//!
//! assert_eq!(compat::lint(Algorithm::Sha1, Digits::SIX, Period::THIRTY_SECONDS).count(), 0);
//!
//! let warnings: Vec<_> = compat::lint(Algorithm::Sha256, Digits::SIX, Period::THIRTY_SECONDS).collect();
//! assert!(warnings.iter().any(|warning| warning.app.name == "Authy" && warning.parameter == Parameter::Algorithm));
//! assert!(!warnings.iter().any(|warning| warning.app.name == "Aegis"));
//! ```

use core::fmt;

use crate::{Algorithm, Digits, Period};

/// What an app does with a parameter that is not the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Handling {
    /// It does as told.
    Honoured,
    /// It takes the URI and shows the codes of the default, or does not take the URI.
    Ignored,
    /// That depends on the version or the system, or the reports disagree.
    Mixed,
    /// No report was found.
    Unknown,
}

/// A parameter of a key URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Parameter {
    /// `algorithm`, other than SHA-1.
    Algorithm,
    /// `digits`, other than six.
    Digits,
    /// `period`, other than 30 seconds.
    Period,
}

impl fmt::Display for Parameter {
    /// The name in the Key URI format.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Algorithm => "algorithm",
            Self::Digits => "digits",
            Self::Period => "period",
        })
    }
}

/// An authenticator, and what it is known to do.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct App {
    /// Its name.
    pub name: &'static str,
    /// What it does with `algorithm`.
    pub algorithm: Handling,
    /// What it does with `digits`.
    pub digits: Handling,
    /// What it does with `period`.
    pub period: Handling,
    /// Where that was reported. Apps change: look at the date of the report.
    pub sources: &'static [&'static str],
}

/// A reason to expect that the codes of an app will be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// The app.
    pub app: &'static App,
    /// The parameter that it does not do justice to.
    pub parameter: Parameter,
    /// [`Handling::Ignored`] or [`Handling::Mixed`].
    pub handling: Handling,
}

/// What to warn of before these parameters are used. Nothing, if they are the defaults.
pub fn lint(algorithm: Algorithm, digits: Digits, period: Period) -> impl Iterator<Item = Warning> {
    let unusual = [
        (Parameter::Algorithm, algorithm != Algorithm::default()),
        (Parameter::Digits, digits != Digits::default()),
        (Parameter::Period, period != Period::default()),
    ];
    APPS.iter().flat_map(move |app| {
        unusual.into_iter().filter(|(_, unusual)| *unusual).filter_map(move |(parameter, _)| {
            let handling = match parameter {
                Parameter::Algorithm => app.algorithm,
                Parameter::Digits => app.digits,
                Parameter::Period => app.period,
            };
            matches!(handling, Handling::Ignored | Handling::Mixed).then_some(Warning { app, parameter, handling })
        })
    })
}

use Handling::{Honoured, Ignored, Mixed, Unknown};

/// The table, by name.
pub static APPS: &[App] = &[
    App {
        name: "2FAS",
        algorithm: Ignored,
        digits: Unknown,
        period: Unknown,
        sources: &["https://github.com/samdjstevens/java-totp/issues/30 (2021)"],
    },
    App {
        name: "Aegis",
        algorithm: Honoured,
        digits: Unknown,
        period: Unknown,
        sources: &["https://github.com/samdjstevens/java-totp/issues/30 (2021)"],
    },
    App {
        name: "Authy",
        algorithm: Ignored,
        digits: Ignored,
        period: Ignored,
        sources: &[
            "https://github.com/sec51/twofactor/issues/11 (2018: SHA-512 and eight digits do not work)",
            "https://github.com/RobThree/TwoFactorAuth/issues/54 (2020: SHA-256 does not work)",
            "https://github.com/privacyidea/privacyidea/issues/1156 (2018: 60 seconds do not work)",
        ],
    },
    App {
        name: "Bitwarden",
        algorithm: Unknown,
        digits: Honoured,
        period: Unknown,
        sources: &["https://github.com/authelia/authelia/issues/2650 (2021: eight digits work)"],
    },
    App {
        name: "Duo Mobile",
        algorithm: Ignored,
        digits: Unknown,
        period: Unknown,
        sources: &[
            "https://github.com/google/google-authenticator-android/issues/29 (2018: SHA-1 whatever was asked for)",
            "https://github.com/samdjstevens/java-totp/issues/30 (2021)",
        ],
    },
    App {
        name: "FreeOTP",
        algorithm: Honoured,
        digits: Unknown,
        period: Honoured,
        sources: &[
            "https://github.com/samdjstevens/java-totp/issues/30 (2021: SHA-256 and SHA-512 work)",
            "https://github.com/google/google-authenticator/issues/521 (2015: the period is respected)",
        ],
    },
    App {
        name: "Google Authenticator",
        algorithm: Mixed,
        digits: Mixed,
        period: Mixed,
        sources: &[
            "https://github.com/google/google-authenticator/wiki/Key-Uri-Format",
            "https://github.com/google/google-authenticator-android/issues/29 (2015 to 2019: SHA-1 on Android, not on iOS)",
            "https://github.com/google/google-authenticator/issues/521 (2015 to 2020: 30 seconds on Android, not on iOS)",
            "https://github.com/andry08/ArubaOTP-seed-extractor/issues/21 (2023: eight digits work on Android, SHA-256 is refused, \
             the period is ignored)",
        ],
    },
    App {
        name: "LastPass Authenticator",
        algorithm: Mixed,
        digits: Honoured,
        period: Unknown,
        sources: &[
            "https://github.com/sec51/twofactor/issues/11 (2018: SHA-512 and eight digits work)",
            "https://github.com/samdjstevens/java-totp/issues/30 (2021: SHA-256 does not work)",
        ],
    },
    App {
        name: "Microsoft Authenticator",
        algorithm: Ignored,
        digits: Ignored,
        period: Ignored,
        sources: &[
            "https://github.com/RobThree/TwoFactorAuth/issues/54 (2020: SHA-256 does not work)",
            "https://github.com/BrandonPotter/GoogleAuthenticator/issues/228 (2024: SHA-1 only)",
            "https://github.com/RobThree/TwoFactorAuth.Net/issues/1 (2016: six digits whatever was asked for)",
            "https://github.com/privacyidea/privacyidea/issues/3634 (2023: 60 seconds do not work)",
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_sourced() {
        assert!(APPS.is_sorted_by(|one, next| one.name < next.name));
        assert!(APPS.iter().all(|app| app.sources.iter().all(|source| source.starts_with("https://"))));
        assert!(APPS.iter().all(|app| !app.sources.is_empty()));
    }

    #[test]
    fn each_parameter_is_looked_at_by_itself() {
        let sixty = Period::from_secs(60).unwrap();
        for (warnings, parameter) in [
            (
                lint(Algorithm::Sha512, Digits::SIX, Period::THIRTY_SECONDS).collect::<std::vec::Vec<_>>(),
                Parameter::Algorithm,
            ),
            (lint(Algorithm::Sha1, Digits::EIGHT, Period::THIRTY_SECONDS).collect(), Parameter::Digits),
            (lint(Algorithm::Sha1, Digits::SIX, sixty).collect(), Parameter::Period),
        ] {
            assert!(warnings.iter().any(|warning| warning.app.name == "Microsoft Authenticator"));
            assert!(warnings.iter().all(|warning| warning.parameter == parameter));
        }
    }
}
