use std::fmt;

use super::{DatabaseUrl, Keys, Settings};

/// What cannot be shown.
const SECRET: &str = "(set, not shown)";
/// What was switched off.
const OFF: &str = "off";
/// What was not set, and has no value in its place.
const NONE: &str = "(none)";

/// The settings as they hold, a line each: the name and what it is. Nothing that lets its reader in is shown.
impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in self.lines() {
            writeln!(f, "{name:27} {}", if value.is_empty() { NONE } else { &value })?;
        }
        Ok(())
    }
}

impl Settings {
    fn lines(&self) -> Vec<(&'static str, String)> {
        let (certificate, key) = self.tls.as_ref().map_or_else(Default::default, |files| {
            (files.certificate.display().to_string(), files.key.display().to_string())
        });
        let public_url = match &self.public_url {
            Some(url) => url.as_str().to_owned(),
            None => format!("{}://{}", if self.tls.is_some() { "https" } else { "http" }, self.listen),
        };
        let (file, single) = match &self.keys {
            Keys::File(path) => (path.display().to_string(), String::new()),
            Keys::Single(_) => (String::new(), SECRET.to_owned()),
        };
        let origins: Vec<&str> = self.cors_origins.iter().map(super::Origin::as_str).collect();
        vec![
            ("COUNTERSIGN_LISTEN", self.listen.to_string()),
            ("COUNTERSIGN_PUBLIC_URL", public_url),
            (
                "COUNTERSIGN_DATABASE_URL",
                match &self.database {
                    DatabaseUrl::Sqlite(path) => format!("sqlite://{}", path.display()),
                    #[cfg(feature = "postgres")]
                    DatabaseUrl::Postgres(_) => format!("postgres://{SECRET}"),
                },
            ),
            ("COUNTERSIGN_REDIS_URL", self.redis.as_ref().map_or_else(String::new, |_| format!("redis://{SECRET}"))),
            ("COUNTERSIGN_TLS_CERT", certificate),
            ("COUNTERSIGN_TLS_KEY", key),
            ("COUNTERSIGN_DATA_DIR", self.data_dir.display().to_string()),
            ("COUNTERSIGN_KEYS", file),
            ("TOTP_ENCRYPTION_KEY", single),
            ("COUNTERSIGN_REQUIRE_2FA", self.require_2fa.to_string()),
            ("COUNTERSIGN_DIGITS", if self.eight_digits { "8" } else { "6" }.to_owned()),
            ("COUNTERSIGN_CORS_ORIGINS", origins.join(", ")),
            ("COUNTERSIGN_TRUSTED_PROXIES", self.trusted_proxies.to_string()),
            ("COUNTERSIGN_LOGIN_LIMIT", self.login_limit.to_string()),
            ("COUNTERSIGN_2FA_LIMIT", self.two_factor_limit.to_string()),
            ("COUNTERSIGN_GENERAL_LIMIT", self.general_limit.map_or_else(|| OFF.to_owned(), |quota| quota.to_string())),
            ("COUNTERSIGN_LIMITS", self.limits.to_string()),
            ("COUNTERSIGN_AUDIT_RETENTION", self.audit_retention.map_or_else(|| OFF.to_owned(), |age| age.to_string())),
            ("COUNTERSIGN_LOG", self.log.clone()),
            ("COUNTERSIGN_LOG_FORMAT", if self.log_json { "json" } else { "text" }.to_owned()),
        ]
    }
}
