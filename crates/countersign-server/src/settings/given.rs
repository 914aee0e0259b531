use clap::Args;

/// The settings as they were given: text, not looked at yet, so that a wrong one is refused in our own words.
#[derive(Args, Debug, Default)]
pub(crate) struct Given {
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, global = true, env = "COUNTERSIGN_LISTEN", alias = "countersign-listen")]
    pub(super) listen: Option<String>,
    /// Where clients reach this server [default: http:// and the listen address]
    #[arg(long, global = true, env = "COUNTERSIGN_PUBLIC_URL", alias = "countersign-public-url")]
    pub(super) public_url: Option<String>,
    /// sqlite://path or postgres://… [default: a file in the data folder]
    #[arg(
        long,
        global = true,
        env = "COUNTERSIGN_DATABASE_URL",
        hide_env_values = true,
        alias = "countersign-database-url"
    )]
    pub(super) database_url: Option<String>,
    /// redis://… for limits [default: limits are kept in the database]
    #[arg(long, global = true, env = "COUNTERSIGN_REDIS_URL", hide_env_values = true, alias = "countersign-redis-url")]
    pub(super) redis_url: Option<String>,
    /// File of the certificate chain, PEM, to serve HTTPS [default: plain HTTP]
    #[arg(long, global = true, env = "COUNTERSIGN_TLS_CERT", alias = "countersign-tls-cert")]
    pub(super) tls_cert: Option<String>,
    /// File of its private key, PEM
    #[arg(long, global = true, env = "COUNTERSIGN_TLS_KEY", alias = "countersign-tls-key")]
    pub(super) tls_key: Option<String>,
    /// Folder for the database and the key file [default: ./countersign-data]
    #[arg(long, global = true, env = "COUNTERSIGN_DATA_DIR", alias = "countersign-data-dir")]
    pub(super) data_dir: Option<String>,
    /// File of the key ring [default: keys in the data folder]
    #[arg(long, global = true, env = "COUNTERSIGN_KEYS", alias = "countersign-keys")]
    pub(super) keys: Option<String>,
    /// A single key instead of a key ring file: 64 hexadecimal digits
    #[arg(long, global = true, env = "TOTP_ENCRYPTION_KEY", hide_env_values = true)]
    pub(super) totp_encryption_key: Option<String>,
    /// Whether every account must have a second factor: true or false [default: true]
    #[arg(long, global = true, env = "COUNTERSIGN_REQUIRE_2FA", alias = "countersign-require-2fa")]
    pub(super) require_2fa: Option<String>,
    /// Digits of a code: 6 or 8 [default: 6]
    #[arg(long, global = true, env = "COUNTERSIGN_DIGITS", alias = "countersign-digits")]
    pub(super) digits: Option<String>,
    /// Origins whose pages may call the API with access tokens, with commas between [default: none]
    #[arg(long, global = true, env = "COUNTERSIGN_CORS_ORIGINS", alias = "countersign-cors-origins")]
    pub(super) cors_origins: Option<String>,
    /// Addresses and networks of proxies whose X-Forwarded-For is believed, with commas between [default: none]
    #[arg(long, global = true, env = "COUNTERSIGN_TRUSTED_PROXIES", alias = "countersign-trusted-proxies")]
    pub(super) trusted_proxies: Option<String>,
    /// Wrong passwords per account and client network [default: 5/15m]
    #[arg(long, global = true, env = "COUNTERSIGN_LOGIN_LIMIT", alias = "countersign-login-limit")]
    pub(super) login_limit: Option<String>,
    /// Wrong second-factor answers per account [default: 5/15m]
    #[arg(long = "2fa-limit", global = true, env = "COUNTERSIGN_2FA_LIMIT", alias = "countersign-2fa-limit")]
    pub(super) two_factor_limit: Option<String>,
    /// Requests per client address, or off [default: 300/1m]
    #[arg(long, global = true, env = "COUNTERSIGN_GENERAL_LIMIT", alias = "countersign-general-limit")]
    pub(super) general_limit: Option<String>,
    /// Limits by route: NAME LIMIT/WINDOW [fixed|sliding] [by address|by user]: ROUTES; … [default: none]
    #[arg(long, global = true, env = "COUNTERSIGN_LIMITS", alias = "countersign-limits")]
    pub(super) limits: Option<String>,
    /// How old events of audit trails may become, or off to keep all [default: 365d]
    #[arg(long, global = true, env = "COUNTERSIGN_AUDIT_RETENTION", alias = "countersign-audit-retention")]
    pub(super) audit_retention: Option<String>,
    /// What is logged: error, warn, info, debug, trace, or a filter [default: info]
    #[arg(long, global = true, env = "COUNTERSIGN_LOG", alias = "countersign-log")]
    pub(super) log: Option<String>,
    /// text or json [default: text]
    #[arg(long, global = true, env = "COUNTERSIGN_LOG_FORMAT", alias = "countersign-log-format")]
    pub(super) log_format: Option<String>,
}
