use clap::Parser as _;

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
    assert_eq!(settings.audit_retention.unwrap().to_string(), "365d");
    assert!(read(&["--audit-retention", "off"]).unwrap().audit_retention.is_none());
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
        (["--cors-origins", "*"], "COUNTERSIGN_CORS_ORIGINS"),
        (["--cors-origins", "https://app.example.com, https://*.example.com"], "COUNTERSIGN_CORS_ORIGINS"),
        (["--require-2fa", "yes"], "COUNTERSIGN_REQUIRE_2FA"),
        (["--digits", "7"], "COUNTERSIGN_DIGITS"),
        (["--trusted-proxies", "proxy"], "COUNTERSIGN_TRUSTED_PROXIES"),
        (["--login-limit", "5"], "COUNTERSIGN_LOGIN_LIMIT"),
        (["--2fa-limit", "0/15m"], "COUNTERSIGN_2FA_LIMIT"),
        (["--2fa-limit", "101/15m"], "COUNTERSIGN_2FA_LIMIT"),
        (["--log", "loud"], "COUNTERSIGN_LOG"),
        (["--log", "info,sqlx"], "COUNTERSIGN_LOG"),
        (["--log", "info,["], "COUNTERSIGN_LOG"),
        (["--log", "sqlx=loud"], "COUNTERSIGN_LOG"),
        (["--general-limit", "none"], "COUNTERSIGN_GENERAL_LIMIT"),
        (["--audit-retention", "never"], "COUNTERSIGN_AUDIT_RETENTION"),
        (["--audit-retention", "23h"], "COUNTERSIGN_AUDIT_RETENTION"),
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
fn a_level_and_a_filter_are_taken() {
    for log in ["info", "WARN", "off", "info,sqlx=debug", "warn,countersign_server::layers=off", "[request]=trace"] {
        assert_eq!(read(&["--log", log]).unwrap().log, log);
    }
}

#[test]
fn the_settings_are_shown_by_their_names_and_without_secrets() {
    let key = "8f1c52d09b7ae36455cc0b21f6d8977a3e14b9c06d2f50e8a1734bd5962ec80f";
    let given = [
        "--database-url",
        "postgres://u:hunter2@h/d",
        "--redis-url",
        "redis://:hunter2@h",
        "--totp-encryption-key",
        key,
        "--digits",
        "8",
        "--trusted-proxies",
        "10.0.0.0/8,::1",
        "--general-limit",
        "off",
    ];
    let said = read(&given).unwrap().to_string();
    assert!(!said.contains("hunter2") && !said.contains(key), "{said}");
    let words: Vec<Vec<&str>> = said.lines().map(|line| line.split_whitespace().collect()).collect();
    for line in [
        ["COUNTERSIGN_LISTEN", "127.0.0.1:8080"],
        ["COUNTERSIGN_PUBLIC_URL", "http://127.0.0.1:8080"],
        ["COUNTERSIGN_DIGITS", "8"],
        ["COUNTERSIGN_GENERAL_LIMIT", "off"],
        ["COUNTERSIGN_2FA_LIMIT", "5/15m"],
        ["COUNTERSIGN_LIMITS", "(none)"],
    ] {
        assert!(words.iter().any(|words| words[..] == line), "{line:?} in {said}");
    }
    assert!(said.contains(" 10.0.0.0/8, ::1/128\n"), "{said}");
    // All that can be given are there.
    let names: Vec<String> = words.iter().map(|words| words[0].to_owned()).collect();
    for argument in <CommandLine as clap::CommandFactory>::command().get_arguments() {
        let name = argument.get_env().map(|name| name.to_string_lossy().into_owned());
        assert!(name.as_ref().is_none_or(|name| names.contains(name)), "{name:?} in {said}");
    }
}

#[test]
fn a_limit_by_route_names_routes_that_are_there() {
    let taken = "signup 20/1h: POST /api/v1/auth/register, POST /register; codes 10/1m sliding by user: /api/v1/2fa/*; \
                 factor 5/1m: DELETE /api/v1/2fa/factors/{factor_id}, GET /docs, /account/*";
    let settings = read(&["--limits", taken]).unwrap();
    assert_eq!(settings.limits.iter().count(), 3);
    let said = settings.to_string();
    assert!(said.contains("; codes 10/1m sliding by user: /api/v1/2fa/*; "), "for check-config: {said}");
    assert!(read(&[]).unwrap().limits.is_empty());
    for (given, told) in [
        (
            "signup often: POST /register",
            "is no list of limits by route: the tier \"signup\" has no limit such as 10/1m",
        ),
        ("a 1/1m: POST /api/v1/auth/regster", "names POST /api/v1/auth/regster in the tier \"a\", which is no route"),
        ("a 1/1m: GET /api/v1/auth/login", "names GET /api/v1/auth/login in the tier \"a\", which is no route"),
        ("a 1/1m: DELETE /login", "names DELETE /login in the tier \"a\", which is no route"),
        ("a 1/1m: /api/v2/*", "names /api/v2/* in the tier \"a\", which is no route"),
        ("general 1/1m: /login", "names a tier \"general\""),
    ] {
        let error = read(&["--limits", given]).unwrap_err();
        assert_eq!(error.name, "COUNTERSIGN_LIMITS");
        assert!(error.wrong.starts_with(told), "{given}: {error}");
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
