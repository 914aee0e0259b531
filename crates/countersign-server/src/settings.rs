//! The settings: the one place that reads the environment.

use std::{net::SocketAddr, path::PathBuf, str::FromStr};

use clap::{Args, Parser, Subcommand};
use countersign_axum::TrustedProxies;
use countersign_rate_limit::Quota;
use zeroize::Zeroizing;

/// What the command line says; each setting is a variable of the environment too.
#[derive(Debug, Parser)]
#[command(name = "countersign-server", version, about = "A small server for accounts with a second factor", long_about = None)]
pub(crate) struct CommandLine {
    /// What to do; `serve` if nothing is said.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// The settings.
    #[command(flatten)]
    pub(crate) given: Given,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve until told to stop.
    Serve,
    /// Check the settings, say what they are, and stop.
    CheckConfig,
    /// Bring the database to the schema of this version, and stop.
    Migrate,
    /// The key ring.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// One account.
    #[command(subcommand)]
    User(UserCommand),
    /// The audit trails.
    #[command(subcommand)]
    Audit(AuditCommand),
}

/// What to do with the keys.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// What needs the key ring file alone.
    #[command(flatten)]
    Ring(RingCommand),
    /// What needs the database too.
    #[command(flatten)]
    Sealed(SealedCommand),
}

/// What to do with the key ring file.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum RingCommand {
    /// Add a new key that only opens: the first step of a rotation.
    New,
    /// List the keys.
    List,
    /// Let another key seal, once every instance has it.
    Activate {
        /// Its id, as `keys list` gives it.
        id: String,
    },
}

/// What to do with the keys and what is sealed under them.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum SealedCommand {
    /// Say what a rotation would seal anew, what does not open, and what needs which key; nothing is written.
    Rehearse,
    /// Seal everything anew under the active key, in steps; one that was stopped goes on.
    Rotate,
    /// Take a key out of the ring that nothing needs any more.
    Remove {
        /// Its id, as `keys list` gives it.
        id: String,
    },
}

/// What to do with one account.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// How it stands.
    Show {
        /// Its address or id.
        who: String,
    },
    /// Take the lock off its second factor.
    Unlock {
        /// Its address or id.
        who: String,
    },
    /// Take its second factor away: the next sign-in leads to a new set-up.
    #[command(name = "reset-2fa")]
    ResetTwoFactor {
        /// Its address or id.
        who: String,
    },
}

/// What to do with the audit trails.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Check that nothing is missing and nothing was altered: of one account, or of all.
    Verify {
        /// An address or id; all accounts if nothing is said.
        who: Option<String>,
    },
    /// The newest events of one account, one JSON object a line.
    Tail {
        /// Its address or id.
        who: String,
        /// How many.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=500))]
        limit: u16,
    },
}

/// The settings as they were given: text, not looked at yet, so that a wrong one is refused in our own words.
#[derive(Args, Debug, Default)]
pub(crate) struct Given {
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, global = true, env = "COUNTERSIGN_LISTEN", alias = "countersign-listen")]
    listen: Option<String>,
    /// Where clients reach this server [default: http:// and the listen address]
    #[arg(long, global = true, env = "COUNTERSIGN_PUBLIC_URL", alias = "countersign-public-url")]
    public_url: Option<String>,
    /// sqlite://path or postgres://… [default: a file in the data folder]
    #[arg(
        long,
        global = true,
        env = "COUNTERSIGN_DATABASE_URL",
        hide_env_values = true,
        alias = "countersign-database-url"
    )]
    database_url: Option<String>,
    /// redis://… for limits [default: limits are kept in the database]
    #[arg(long, global = true, env = "COUNTERSIGN_REDIS_URL", hide_env_values = true, alias = "countersign-redis-url")]
    redis_url: Option<String>,
    /// File of the certificate chain, PEM, to serve HTTPS [default: plain HTTP]
    #[arg(long, global = true, env = "COUNTERSIGN_TLS_CERT", alias = "countersign-tls-cert")]
    tls_cert: Option<String>,
    /// File of its private key, PEM
    #[arg(long, global = true, env = "COUNTERSIGN_TLS_KEY", alias = "countersign-tls-key")]
    tls_key: Option<String>,
    /// Folder for the database and the key file [default: ./countersign-data]
    #[arg(long, global = true, env = "COUNTERSIGN_DATA_DIR", alias = "countersign-data-dir")]
    data_dir: Option<String>,
    /// File of the key ring [default: keys in the data folder]
    #[arg(long, global = true, env = "COUNTERSIGN_KEYS", alias = "countersign-keys")]
    keys: Option<String>,
    /// A single key instead of a key ring file: 64 hexadecimal digits
    #[arg(long, global = true, env = "TOTP_ENCRYPTION_KEY", hide_env_values = true)]
    totp_encryption_key: Option<String>,
    /// Whether every account must have a second factor: true or false [default: true]
    #[arg(long, global = true, env = "COUNTERSIGN_REQUIRE_2FA", alias = "countersign-require-2fa")]
    require_2fa: Option<String>,
    /// Digits of a code: 6 or 8 [default: 6]
    #[arg(long, global = true, env = "COUNTERSIGN_DIGITS", alias = "countersign-digits")]
    digits: Option<String>,
    /// Addresses and networks of proxies whose X-Forwarded-For is believed, with commas between [default: none]
    #[arg(long, global = true, env = "COUNTERSIGN_TRUSTED_PROXIES", alias = "countersign-trusted-proxies")]
    trusted_proxies: Option<String>,
    /// Wrong passwords per account and client network [default: 5/15m]
    #[arg(long, global = true, env = "COUNTERSIGN_LOGIN_LIMIT", alias = "countersign-login-limit")]
    login_limit: Option<String>,
    /// Wrong second-factor answers per account [default: 5/15m]
    #[arg(long = "2fa-limit", global = true, env = "COUNTERSIGN_2FA_LIMIT", alias = "countersign-2fa-limit")]
    two_factor_limit: Option<String>,
    /// Requests per client address, or off [default: 300/1m]
    #[arg(long, global = true, env = "COUNTERSIGN_GENERAL_LIMIT", alias = "countersign-general-limit")]
    general_limit: Option<String>,
    /// What is logged: error, warn, info, debug, trace, or a filter [default: info]
    #[arg(long, global = true, env = "COUNTERSIGN_LOG", alias = "countersign-log")]
    log: Option<String>,
    /// text or json [default: text]
    #[arg(long, global = true, env = "COUNTERSIGN_LOG_FORMAT", alias = "countersign-log-format")]
    log_format: Option<String>,
}

/// The settings, looked at.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Address and port to listen on.
    pub(crate) listen: SocketAddr,
    /// Where clients reach this server, if that was said: scheme, host and port.
    pub(crate) public_url: Option<PublicUrl>,
    /// Where the data is.
    pub(crate) database: DatabaseUrl,
    /// The Redis that limits are kept in, as a URL that may hold a password.
    pub(crate) redis: Option<SecretSetting>,
    /// Certificate chain and private key, both PEM, if HTTPS is served.
    pub(crate) tls: Option<TlsFiles>,
    /// Folder for the database and the key file.
    pub(crate) data_dir: PathBuf,
    /// Where the key ring is.
    pub(crate) keys: Keys,
    /// Whether every account must have a second factor.
    pub(crate) require_2fa: bool,
    /// Whether codes have eight digits.
    pub(crate) eight_digits: bool,
    /// The proxies that are believed.
    pub(crate) trusted_proxies: TrustedProxies,
    /// Wrong passwords per account and client network.
    pub(crate) login_limit: Quota,
    /// Wrong second-factor answers per account.
    pub(crate) two_factor_limit: Quota,
    /// Requests per client address; `None` lifts every limit by address.
    pub(crate) general_limit: Option<Quota>,
    /// What is logged.
    pub(crate) log: String,
    /// Whether logs are JSON.
    pub(crate) log_json: bool,
}

/// A database.
#[derive(Debug)]
pub(crate) enum DatabaseUrl {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// PostgreSQL, as a URL that may hold a password.
    #[cfg(feature = "postgres")]
    Postgres(SecretSetting),
}

/// Certificate chain and private key, in files.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "refused without that feature"))]
pub(crate) struct TlsFiles {
    /// The chain, PEM.
    pub(crate) certificate: PathBuf,
    /// The key, PEM.
    pub(crate) key: PathBuf,
}

/// Where the key ring is.
#[derive(Debug)]
pub(crate) enum Keys {
    /// In a file.
    File(PathBuf),
    /// In the setting itself: a single key.
    Single(SecretSetting),
}

/// A setting that lets its holder in: wiped on drop, never printed.
pub(crate) struct SecretSetting(Zeroizing<String>);

impl SecretSetting {
    /// The only way to the text.
    #[must_use]
    pub(crate) fn expose_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for SecretSetting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretSetting([REDACTED])")
    }
}

/// The server's public URL: `http` or `https`, a host, maybe a port, and nothing behind it. It is an origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicUrl(String);

impl PublicUrl {
    /// The URL of this address.
    #[must_use]
    pub(crate) fn of(address: SocketAddr, https: bool) -> Self {
        Self(format!("{}://{address}", if https { "https" } else { "http" }))
    }

    /// The URL, without a slash at its end.
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is https.
    #[must_use]
    pub(crate) fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl FromStr for PublicUrl {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let uri: http::Uri = text.parse().map_err(|_| ())?;
        let authority = uri.authority().ok_or(())?;
        let plain = matches!(uri.path(), "" | "/") && uri.query().is_none() && !authority.as_str().contains('@');
        match uri.scheme_str() {
            Some(scheme @ ("http" | "https")) if plain && !authority.host().is_empty() => {
                Ok(Self(format!("{scheme}://{}", authority.as_str().to_ascii_lowercase())))
            }
            _ => Err(()),
        }
    }
}

/// A setting that cannot be used: one sentence that names it, and never quotes a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} {wrong}.")]
pub(crate) struct BadSetting {
    /// Its name.
    pub(crate) name: &'static str,
    /// What is wrong with it.
    pub(crate) wrong: String,
}

impl BadSetting {
    /// This setting, and what is wrong with it.
    #[must_use]
    pub(crate) fn new(name: &'static str, wrong: impl Into<String>) -> Self {
        Self { name, wrong: wrong.into() }
    }
}

impl Settings {
    /// Looks at what was given. An empty value counts as not given.
    ///
    /// # Errors
    /// [`BadSetting`], the first one found.
    pub(crate) fn read(given: Given) -> Result<Self, BadSetting> {
        let data_dir = PathBuf::from(text(given.data_dir).unwrap_or_else(|| "./countersign-data".to_owned()));
        let quota = |name, value: Option<String>, default: &str| {
            let value = text(value).unwrap_or_else(|| default.to_owned());
            value
                .parse::<Quota>()
                .map_err(|_| BadSetting::new(name, format!("is {value:?}, not a limit such as 5/15m")))
        };
        let general_limit = match text(given.general_limit) {
            Some(off) if off == "off" => None,
            value => Some(quota("COUNTERSIGN_GENERAL_LIMIT", value, "300/1m")?),
        };
        Ok(Self {
            listen: parsed(
                "COUNTERSIGN_LISTEN",
                given.listen,
                "127.0.0.1:8080",
                "an address with a port, such as 127.0.0.1:8080",
            )?,
            public_url: text(given.public_url)
                .map(|url| parsed("COUNTERSIGN_PUBLIC_URL", Some(url), "", "an http or https URL without a path"))
                .transpose()?,
            database: database(text(given.database_url), &data_dir)?,
            redis: redis(text(given.redis_url))?,
            tls: tls(text(given.tls_cert), text(given.tls_key))?,
            keys: keys(text(given.keys), text(given.totp_encryption_key), &data_dir)?,
            data_dir,
            require_2fa: parsed("COUNTERSIGN_REQUIRE_2FA", given.require_2fa, "true", "true or false")?,
            eight_digits: match text(given.digits).as_deref() {
                None | Some("6") => false,
                Some("8") => true,
                Some(other) => return Err(BadSetting::new("COUNTERSIGN_DIGITS", format!("is {other:?}, not 6 or 8"))),
            },
            trusted_proxies: text(given.trusted_proxies).unwrap_or_default().parse().map_err(|error| {
                BadSetting::new(
                    "COUNTERSIGN_TRUSTED_PROXIES",
                    format!("is not a list of addresses and networks: {error}"),
                )
            })?,
            login_limit: quota("COUNTERSIGN_LOGIN_LIMIT", given.login_limit, "5/15m")?,
            two_factor_limit: quota("COUNTERSIGN_2FA_LIMIT", given.two_factor_limit, "5/15m")?,
            general_limit,
            log: text(given.log).unwrap_or_else(|| "info".to_owned()),
            log_json: match text(given.log_format).as_deref() {
                None | Some("text") => false,
                Some("json") => true,
                Some(other) => {
                    return Err(BadSetting::new("COUNTERSIGN_LOG_FORMAT", format!("is {other:?}, not text or json")));
                }
            },
        })
    }
}

fn text(value: Option<String>) -> Option<String> {
    value.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

fn parsed<T: FromStr>(name: &'static str, value: Option<String>, default: &str, wanted: &str) -> Result<T, BadSetting> {
    let value = text(value).unwrap_or_else(|| default.to_owned());
    value.parse().map_err(|_| BadSetting::new(name, format!("is {value:?}, not {wanted}")))
}

fn database(url: Option<String>, data_dir: &std::path::Path) -> Result<DatabaseUrl, BadSetting> {
    const NAME: &str = "COUNTERSIGN_DATABASE_URL";
    let Some(url) = url else { return Ok(DatabaseUrl::Sqlite(data_dir.join("countersign.db"))) };
    // The value may hold a password, so it is not quoted.
    match url.split_once("://") {
        Some(("sqlite", path)) if !path.is_empty() && !path.contains('?') => Ok(DatabaseUrl::Sqlite(path.into())),
        Some(("sqlite", _)) => Err(BadSetting::new(NAME, "is not sqlite:// and the path of a file")),
        #[cfg(feature = "postgres")]
        Some(("postgres" | "postgresql", _)) => Ok(DatabaseUrl::Postgres(SecretSetting(Zeroizing::new(url)))),
        _ => Err(BadSetting::new(NAME, "begins with neither sqlite:// nor postgres://")),
    }
}

fn redis(url: Option<String>) -> Result<Option<SecretSetting>, BadSetting> {
    const NAME: &str = "COUNTERSIGN_REDIS_URL";
    match url {
        Some(_) if cfg!(not(feature = "redis")) => Err(BadSetting::new(NAME, "is set, but this build knows no Redis")),
        Some(url) if !url.starts_with("redis://") => Err(BadSetting::new(NAME, "does not begin with redis://")),
        url => Ok(url.map(|url| SecretSetting(Zeroizing::new(url)))),
    }
}

fn tls(certificate: Option<String>, key: Option<String>) -> Result<Option<TlsFiles>, BadSetting> {
    match (certificate, key) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) if cfg!(not(feature = "tls")) => {
            Err(BadSetting::new("COUNTERSIGN_TLS_CERT", "is set, but this build knows no TLS"))
        }
        (Some(certificate), Some(key)) => Ok(Some(TlsFiles { certificate: certificate.into(), key: key.into() })),
        (Some(_), None) => Err(BadSetting::new("COUNTERSIGN_TLS_KEY", "is not set beside COUNTERSIGN_TLS_CERT")),
        (None, Some(_)) => Err(BadSetting::new("COUNTERSIGN_TLS_CERT", "is not set beside COUNTERSIGN_TLS_KEY")),
    }
}

fn keys(file: Option<String>, single: Option<String>, data_dir: &std::path::Path) -> Result<Keys, BadSetting> {
    match (file, single) {
        (Some(_), Some(_)) => {
            Err(BadSetting::new("TOTP_ENCRYPTION_KEY", "is set beside COUNTERSIGN_KEYS; keep one of the two"))
        }
        (None, Some(key)) => Ok(Keys::Single(SecretSetting(Zeroizing::new(key)))),
        (Some(file), None) => Ok(Keys::File(file.into())),
        (None, None) => Ok(Keys::File(data_dir.join("keys"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Settings, BadSetting> {
        let line = CommandLine::try_parse_from(["countersign-server"].iter().chain(arguments));
        Settings::read(line.map_err(|error| BadSetting::new("the command line", error.to_string()))?.given)
    }

    #[test]
    fn without_a_word_the_defaults_hold() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
        assert!(
            matches!(settings.database, DatabaseUrl::Sqlite(path) if path.ends_with("countersign-data/countersign.db"))
        );
        assert!(settings.require_2fa && !settings.eight_digits && !settings.log_json);
        assert_eq!(settings.login_limit.to_string(), "5/15m");
        assert_eq!(settings.general_limit.unwrap().to_string(), "300/1m");
        assert!(read(&["--general-limit", "off"]).unwrap().general_limit.is_none());
        assert!(read(&["serve", "--digits", "8"]).unwrap().eight_digits);
        assert!(read(&["--countersign-digits", "8", "--listen", ""]).unwrap().eight_digits);
    }

    #[test]
    fn a_bad_setting_is_named_in_one_sentence() {
        for (arguments, name) in [
            (["--listen", "8080"], "COUNTERSIGN_LISTEN"),
            (["--public-url", "example.com"], "COUNTERSIGN_PUBLIC_URL"),
            (["--public-url", "ftp://example.com"], "COUNTERSIGN_PUBLIC_URL"),
            (["--public-url", "https://example.com/path"], "COUNTERSIGN_PUBLIC_URL"),
            (["--database-url", "mysql://u:hunter2@h/d"], "COUNTERSIGN_DATABASE_URL"),
            (["--tls-cert", "chain.pem"], "COUNTERSIGN_TLS_KEY"),
            (["--tls-key", "key.pem"], "COUNTERSIGN_TLS_CERT"),
            (["--redis-url", "http://127.0.0.1"], "COUNTERSIGN_REDIS_URL"),
            (["--require-2fa", "yes"], "COUNTERSIGN_REQUIRE_2FA"),
            (["--digits", "7"], "COUNTERSIGN_DIGITS"),
            (["--trusted-proxies", "proxy"], "COUNTERSIGN_TRUSTED_PROXIES"),
            (["--login-limit", "5"], "COUNTERSIGN_LOGIN_LIMIT"),
            (["--2fa-limit", "0/15m"], "COUNTERSIGN_2FA_LIMIT"),
            (["--general-limit", "none"], "COUNTERSIGN_GENERAL_LIMIT"),
            (["--log-format", "xml"], "COUNTERSIGN_LOG_FORMAT"),
        ] {
            let error = read(&arguments).unwrap_err();
            assert_eq!(error.name, name, "{arguments:?}");
            let sentence = error.to_string();
            assert!(sentence.starts_with(name) && sentence.ends_with('.') && !sentence.contains('\n'), "{sentence}");
            assert!(!sentence.contains("hunter2"), "{sentence}");
        }
    }

    #[test]
    fn a_public_url_is_an_origin() {
        for (text, url) in [
            ("https://Login.Example.com/", "https://login.example.com"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ] {
            assert_eq!(text.parse::<PublicUrl>().unwrap().as_str(), url);
        }
        assert!("https://user@example.com".parse::<PublicUrl>().is_err());
    }
}
