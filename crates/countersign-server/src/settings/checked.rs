use std::{net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

use countersign::{Allowance, Policy};
use countersign_axum::{LimitTiers, TrustedProxies};
use countersign_rate_limit::Quota;
use tracing_subscriber::EnvFilter;

use super::{Age, BadSetting, DatabaseUrl, Given, Keys, Origin, PublicUrl, SecretSetting, TlsFiles};
use crate::routes;

/// The tier of all routes.
pub(crate) const GENERAL: &str = "general";

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
    /// Other origins whose pages may call the API.
    pub(crate) cors_origins: Vec<Origin>,
    /// The proxies that are believed.
    pub(crate) trusted_proxies: TrustedProxies,
    /// Wrong passwords per account and client network.
    pub(crate) login_limit: Quota,
    /// Wrong second-factor answers per account: an amount that the engine takes.
    pub(crate) two_factor_limit: Quota,
    /// Requests per client address; `None` lifts every limit by address.
    pub(crate) general_limit: Option<Quota>,
    /// Limits by route.
    pub(crate) limits: LimitTiers,
    /// How old events of audit trails may become; `None` keeps all.
    pub(crate) audit_retention: Option<Age>,
    /// What is logged.
    pub(crate) log: String,
    /// Whether logs are JSON.
    pub(crate) log_json: bool,
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
            cors_origins: origins(&text(given.cors_origins).unwrap_or_default())?,
            trusted_proxies: text(given.trusted_proxies).unwrap_or_default().parse().map_err(|error| {
                BadSetting::new(
                    "COUNTERSIGN_TRUSTED_PROXIES",
                    format!("is not a list of addresses and networks: {error}"),
                )
            })?,
            login_limit: quota("COUNTERSIGN_LOGIN_LIMIT", given.login_limit, "5/15m")?,
            two_factor_limit: two_factor_limit(quota("COUNTERSIGN_2FA_LIMIT", given.two_factor_limit, "5/15m")?)?,
            general_limit,
            limits: limits(&text(given.limits).unwrap_or_default())?,
            audit_retention: audit_retention(&text(given.audit_retention).unwrap_or_else(|| "365d".to_owned()))?,
            log: log(text(given.log).unwrap_or_else(|| "info".to_owned()))?,
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

/// The engine has bounds of its own for it.
fn two_factor_limit(quota: Quota) -> Result<Quota, BadSetting> {
    let allowance = Allowance { limit: quota.limit(), window: quota.window() };
    match Policy::builder().answers(allowance).build() {
        Ok(_) => Ok(quota),
        Err(error) => Err(BadSetting::new("COUNTERSIGN_2FA_LIMIT", format!("is {quota}: {error}"))),
    }
}

/// A level, or a filter as `tracing_subscriber` reads it. There a word that is no level is the name of a module, of which
/// nothing but that is logged: a slip of the pen would silence the log.
fn log(text: String) -> Result<String, BadSetting> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let is_level = |word: &str| LEVELS.iter().any(|level| word.eq_ignore_ascii_case(level));
    let mut words = text.split(',').filter(|word| !word.contains(['=', '[', ']', '{', '}']));
    if words.all(is_level) && EnvFilter::builder().parse(&text).is_ok() {
        return Ok(text);
    }
    let wrong =
        format!("is {text:?}, neither a level (error, warn, info, debug, trace) nor a filter such as info,sqlx=debug");
    Err(BadSetting::new("COUNTERSIGN_LOG", wrong))
}

/// The most origins that are taken.
const MAX_ORIGINS: usize = 32;

fn origins(text: &str) -> Result<Vec<Origin>, BadSetting> {
    const NAME: &str = "COUNTERSIGN_CORS_ORIGINS";
    let parts: Vec<&str> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    if parts.len() > MAX_ORIGINS {
        return Err(BadSetting::new(NAME, format!("names more than {MAX_ORIGINS} origins")));
    }
    let origin = |part: &&str| {
        let wrong =
            |()| BadSetting::new(NAME, format!("names {part:?}, not an origin such as https://app.example.com"));
        part.parse().map_err(wrong)
    };
    parts.iter().map(origin).collect()
}

fn audit_retention(text: &str) -> Result<Option<Age>, BadSetting> {
    match text.parse::<Age>() {
        _ if text == "off" => Ok(None),
        // Less is a slip of the pen: it would leave nothing to look into.
        Ok(age) if age.duration() >= Duration::from_secs(86_400) => Ok(Some(age)),
        _ => Err(BadSetting::new(
            "COUNTERSIGN_AUDIT_RETENTION",
            format!("is {text:?}, neither off nor at least a day, such as 365d"),
        )),
    }
}

/// Limits that would hold nowhere are refused, and names that are taken.
fn limits(text: &str) -> Result<LimitTiers, BadSetting> {
    const NAME: &str = "COUNTERSIGN_LIMITS";
    let tiers: LimitTiers =
        text.parse().map_err(|error| BadSetting::new(NAME, format!("is no list of limits by route: {error}")))?;
    if tiers.iter().any(|tier| tier.name() == GENERAL) {
        return Err(BadSetting::new(NAME, format!("names a tier {GENERAL:?}, which is COUNTERSIGN_GENERAL_LIMIT")));
    }
    match tiers.unknown_route(routes::has) {
        None => Ok(tiers),
        Some((tier, route)) => {
            let name = tier.name();
            Err(BadSetting::new(NAME, format!("names {route} in the tier {name:?}, which is no route of this server")))
        }
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
        Some(("postgres" | "postgresql", _)) => Ok(DatabaseUrl::Postgres(SecretSetting::new(url))),
        _ => Err(BadSetting::new(NAME, "begins with neither sqlite:// nor postgres://")),
    }
}

fn redis(url: Option<String>) -> Result<Option<SecretSetting>, BadSetting> {
    const NAME: &str = "COUNTERSIGN_REDIS_URL";
    match url {
        Some(_) if cfg!(not(feature = "redis")) => Err(BadSetting::new(NAME, "is set, but this build knows no Redis")),
        Some(url) if !url.starts_with("redis://") => Err(BadSetting::new(NAME, "does not begin with redis://")),
        url => Ok(url.map(SecretSetting::new)),
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
        (None, Some(key)) => Ok(Keys::Single(SecretSetting::new(key))),
        (Some(file), None) => Ok(Keys::File(file.into())),
        (None, None) => Ok(Keys::File(data_dir.join("keys"))),
    }
}
