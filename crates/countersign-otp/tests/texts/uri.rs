use countersign_otp::{Algorithm, Digits, Hotp, KeyUri, OtpError, Period, Secret, Steam, UnixTime, UriKind};

use super::{totp, uri};

const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

fn parse(rest: &str) -> Result<KeyUri, OtpError> {
    KeyUri::parse(&format!("otpauth://{}", rest.replace("SECRET", SECRET)))
}

#[test]
fn everything_is_read() {
    let uri =
        parse("totp/ACME%20Co:john.doe@example.com?secret=SECRET&issuer=ACME%20Co&algorithm=SHA256&digits=8&period=60")
            .unwrap();
    assert_eq!(uri.kind(), UriKind::Totp { period: Period::from_secs(60).unwrap() });
    assert_eq!((uri.issuer(), uri.account()), (Some("ACME Co"), "john.doe@example.com"));
    assert_eq!((uri.algorithm(), uri.digits()), (Algorithm::Sha256, Digits::EIGHT));
    assert_eq!(uri.secret().expose_bytes(), b"12345678901234567890");
    assert_eq!(uri.other_issuer(), None);
    let totp = uri.to_totp().unwrap();
    assert_eq!(totp.get_algorithm(), Algorithm::Sha256);
    assert_eq!(totp.get_digits(), Digits::EIGHT);
    assert_eq!(totp.get_period().as_secs(), 60);
    assert!(uri.to_hotp().is_none());
}

#[test]
fn what_is_missing_has_its_default() {
    let uri = parse("totp/alice?secret=SECRET").unwrap();
    assert_eq!(uri.kind(), UriKind::Totp { period: Period::THIRTY_SECONDS });
    assert_eq!((uri.issuer(), uri.account()), (None, "alice"));
    assert_eq!((uri.algorithm(), uri.digits()), (Algorithm::Sha1, Digits::SIX));
    assert_eq!(uri.to_totp().unwrap().code_at(UnixTime::from_secs(59)).as_str(), "287082");
}

#[test]
fn the_example_of_the_format_needs_the_danger_way() {
    let example = "otpauth://totp/Example:alice@google.com?secret=JBSWY3DPEHPK3PXP&issuer=Example";
    assert_eq!(KeyUri::parse(example).err(), Some(OtpError::SecretTooShort));
    let uri = KeyUri::danger_parse_short(example).unwrap();
    assert_eq!(uri.secret().expose_bytes(), b"Hello!\xde\xad\xbe\xef");
}

/// The label is split at a literal colon first, then at an encoded one; `+` is a plus.
#[test]
fn labels_are_split_as_the_format_says() {
    for (label, issuer, account) in [
        ("alice", None, "alice"),
        ("Example:alice", Some("Example"), "alice"),
        ("Provider1:Alice%20Smith", Some("Provider1"), "Alice Smith"),
        ("Big%20Corporation%3A%20alice%40bigco.com", Some("Big Corporation"), "alice@bigco.com"),
        ("Big%20Corporation%3a%20alice", Some("Big Corporation"), "alice"),
        ("A%3AB:carol", Some("A:B"), "carol"),
        ("A:B%3Acarol", Some("A"), "B:carol"),
        ("A:B:carol", Some("A"), "B:carol"),
        (":carol", None, "carol"),
        ("Big+Co:al+ice", Some("Big+Co"), "al+ice"),
        ("%E2%98%83:Zo%C3%AB", Some("☃"), "Zoë"),
        ("☃:Zoë", Some("☃"), "Zoë"),
        ("", None, ""),
        ("a/b:c/d", Some("a/b"), "c/d"),
    ] {
        let uri = parse(&format!("totp/{label}?secret=SECRET")).unwrap();
        assert_eq!((uri.issuer(), uri.account()), (issuer, account), "{label}");
    }
}

#[test]
fn the_issuer_parameter_counts_and_a_mismatch_is_told() {
    for (text, issuer, other) in [
        ("totp/One:alice?secret=SECRET&issuer=Two", Some("Two"), Some("One")),
        ("totp/One:alice?secret=SECRET&issuer=One", Some("One"), None),
        ("totp/Big%20Co:alice?secret=SECRET&issuer=Big+Co", Some("Big+Co"), Some("Big Co")),
        ("totp/A%2dB:alice?secret=SECRET&issuer=A-B", Some("A-B"), None),
        ("totp/alice?secret=SECRET&issuer=Two", Some("Two"), None),
        ("totp/One:alice?secret=SECRET&issuer=", Some("One"), None),
        ("totp/One:alice?secret=SECRET", Some("One"), None),
    ] {
        let uri = parse(text).unwrap();
        assert_eq!((uri.issuer(), uri.other_issuer()), (issuer, other), "{text}");
    }
}

#[test]
fn case_order_and_strangers_do_not_matter() {
    let uri = KeyUri::parse(&format!(
        "OTPAUTH://ToTp/alice?image=https%3A%2F%2Fexample.com%2Fi.png&&x&Digits=8&SECRET={}&ALGORITHM=sha512#top",
        SECRET.to_lowercase()
    ))
    .unwrap();
    assert_eq!((uri.algorithm(), uri.digits()), (Algorithm::Sha512, Digits::EIGHT));
    assert_eq!(uri.other_parameters().collect::<Vec<_>>(), [("image", "https://example.com/i.png"), ("x", "")]);
    assert!(uri.expose().expose().ends_with("&image=https%3A%2F%2Fexample.com%2Fi.png&x="));
}

#[test]
fn secrets_may_be_encoded_as_they_come() {
    for secret in [
        "gezd%20gnbv-GY3TQOJQGEZDGNBVGY3TQOJQ",
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ%3D%3D",
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ==",
        "%47EZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
    ] {
        let uri = parse(&format!("totp/alice?secret={secret}")).unwrap();
        assert_eq!(uri.secret().expose_bytes(), b"12345678901234567890", "{secret}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    let long = "a".repeat(2048);
    for (text, error) in [
        ("", OtpError::UriKind),
        ("totp", OtpError::UriIncomplete),
        ("totp/alice", OtpError::UriIncomplete),
        ("totp/alice?", OtpError::UriIncomplete),
        ("totp/alice?secrets=SECRET", OtpError::UriIncomplete),
        ("hotp/alice?secret=SECRET", OtpError::UriIncomplete),
        ("motp/alice?secret=SECRET", OtpError::UriKind),
        ("totp:80/alice?secret=SECRET", OtpError::UriKind),
        ("totp/alice?secret=SECRET&encoder=other", OtpError::UriKind),
        ("totp/alice?secret=", OtpError::SecretTooShort),
        ("totp/alice?secret=GE", OtpError::SecretTooShort),
        ("totp/alice?secret=GEZDGNBVGY3TQOJ1GEZDGNBVGY3TQOJQ", OtpError::Base32),
        ("totp/alice?secret=SECRET&secret=SECRET", OtpError::UriDuplicate),
        ("totp/alice?secret=SECRET&Secret=SECRET", OtpError::UriDuplicate),
        ("totp/alice?secret=SECRET&digits=6&digits=6", OtpError::UriDuplicate),
        ("totp/alice?secret=SECRET&digits=6&DIGITS=8", OtpError::UriDuplicate),
        ("totp/alice?secret=SECRET&digits=6&%64igits=8", OtpError::UriDuplicate),
        ("totp/alice?secret=SECRET&period=30&period=60", OtpError::UriDuplicate),
        ("totp/alice?secret=SECRET&algorithm=SHA1&algorithm=SHA1", OtpError::UriDuplicate),
        ("totp/alice?secret=SECRET&issuer=a&issuer=b", OtpError::UriDuplicate),
        ("hotp/alice?secret=SECRET&counter=1&counter=2", OtpError::UriDuplicate),
        ("totp/alice?secret=SECRET&digits=5", OtpError::Digits),
        ("totp/alice?secret=SECRET&digits=9", OtpError::Digits),
        ("totp/alice?secret=SECRET&digits=256", OtpError::Digits),
        ("totp/alice?secret=SECRET&digits=262", OtpError::Digits),
        ("totp/alice?secret=SECRET&digits=+6", OtpError::UriParameter),
        ("totp/alice?secret=SECRET&digits=", OtpError::UriParameter),
        ("totp/alice?secret=SECRET&digits=six", OtpError::UriParameter),
        ("totp/alice?secret=SECRET&period=0", OtpError::Period),
        ("totp/alice?secret=SECRET&period=1", OtpError::Period),
        ("totp/alice?secret=SECRET&period=301", OtpError::Period),
        ("totp/alice?secret=SECRET&period=9223372036854775808", OtpError::Period),
        ("totp/alice?secret=SECRET&period=-30", OtpError::UriParameter),
        ("hotp/alice?secret=SECRET&counter=18446744073709551616", OtpError::UriParameter),
        ("totp/alice?secret=SECRET&algorithm=MD5", OtpError::Algorithm),
        ("totp/alice?secret=SECRET&algorithm=", OtpError::Algorithm),
        ("totp/al%0aice?secret=SECRET", OtpError::UriLabel),
        ("totp/al%00ice?secret=SECRET", OtpError::UriLabel),
        ("totp/al%c2%85ice?secret=SECRET", OtpError::UriLabel),
        ("totp/al%7fice?secret=SECRET", OtpError::UriLabel),
        ("totp/al%ffice?secret=SECRET", OtpError::UriLabel),
        ("totp/alice?secret=SECRET&issuer=a%0d", OtpError::UriLabel),
        ("totp/alice?secret=SECRET&x=%0a", OtpError::UriParameter),
        ("totp/alice?secret=SECRET&=x", OtpError::UriParameter),
        (long.as_str(), OtpError::UriTooLong),
    ] {
        assert_eq!(parse(text).err(), Some(error), "{text}");
    }
    assert_eq!(KeyUri::parse("https://example.com/").err(), Some(OtpError::UriKind));
    assert_eq!(KeyUri::parse("otpauth:/").err(), Some(OtpError::UriKind));
    assert_eq!(KeyUri::parse("otpauth:/☃☃☃").err(), Some(OtpError::UriKind));
}

#[test]
fn hotp_and_steam_have_their_own_parameters() {
    let (hotp, counter) = parse("hotp/alice?secret=SECRET&counter=18446744073709551615").unwrap().to_hotp().unwrap();
    assert_eq!((counter, hotp.code(1).as_str()), (u64::MAX, "287082"));
    let uri = KeyUri::hotp(&hotp, 7, "", "alice").unwrap();
    assert_eq!(
        uri.expose().expose(),
        format!("otpauth://hotp/alice?secret={SECRET}&algorithm=SHA1&digits=6&counter=7")
    );

    for text in ["steam/Steam:alice?secret=SECRET", "totp/Steam:alice?secret=SECRET&digits=5&encoder=Steam"] {
        let uri = parse(text).unwrap();
        assert_eq!(uri.kind(), UriKind::Steam);
        assert!(uri.to_totp().is_none(), "five letters are not six digits");
        assert_eq!(uri.to_steam().unwrap().code_at(UnixTime::from_secs(59)).as_str(), "PV9M4");
    }
    let steam = Steam::new(Secret::from(*b"12345678901234567890"));
    assert_eq!(
        KeyUri::steam(&steam, "Steam", "alice").unwrap().expose().expose(),
        format!(
            "otpauth://totp/Steam:alice?secret={SECRET}&issuer=Steam&algorithm=SHA1&digits=5&period=30&encoder=steam"
        )
    );
}

#[test]
fn what_cannot_be_written_is_refused() {
    for (issuer, account) in
        [("Example", ""), ("Example", " "), ("Exa:mple", "alice"), ("Example", "al:ice"), ("Example", "al\nice")]
    {
        assert_eq!(KeyUri::totp(&totp(), issuer, account).err(), Some(OtpError::UriLabel), "{issuer:?} {account:?}");
    }
    let shifted = totp().t0(UnixTime::from_secs(1));
    assert_eq!(KeyUri::totp(&shifted, "Example", "alice").err(), Some(OtpError::Inexpressible));
    assert_eq!(KeyUri::totp(&totp(), "", &"☃".repeat(300)).err(), Some(OtpError::UriTooLong));
    assert_eq!(uri().with_parameter("Secret", "x").err(), Some(OtpError::UriDuplicate));
    assert_eq!(uri().with_parameter("", "x").err(), Some(OtpError::UriParameter));
    assert_eq!(uri().with_parameter("x", "\n").err(), Some(OtpError::UriParameter));
    assert_eq!(uri().with_parameter("x", &"x".repeat(2048)).err(), Some(OtpError::UriTooLong));
}

/// Another library reads what we write.
#[test]
fn totp_rs_reads_it() {
    let uri =
        KeyUri::totp(&totp().algorithm(Algorithm::Sha512).digits(Digits::EIGHT), "Big & Co", "alice+1@example.com")
            .unwrap();
    let theirs = totp_rs::Totp::from_url(uri.expose().expose()).unwrap();
    assert_eq!(theirs.issuer(), Some("Big & Co"));
    let ours = uri.to_totp().unwrap();
    assert_eq!(theirs.generate(1_234_567_890).to_string(), ours.code_at(UnixTime::from_secs(1_234_567_890)).as_str());
    let hotp = Hotp::new(Secret::from([1; 20]));
    assert!(KeyUri::hotp(&hotp, 0, "Example", "alice").is_ok());
}
