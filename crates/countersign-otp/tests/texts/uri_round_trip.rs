use countersign_otp::{Algorithm, Digits, Hotp, KeyUri, Period, Secret, Totp};
use proptest::prelude::*;

fn algorithm() -> impl Strategy<Value = Algorithm> {
    prop::sample::select(vec![Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512])
}

/// Names of any characters but control characters and the colon.
fn name() -> impl Strategy<Value = String> {
    r"[^\p{Cc}:]{1,20}".prop_filter("a name has a character to show", |name| !name.trim().is_empty())
}

fn fields(uri: &KeyUri) -> impl PartialEq + std::fmt::Debug {
    (
        uri.kind(),
        uri.secret().expose_bytes().to_vec(),
        uri.algorithm(),
        uri.digits(),
        uri.issuer().map(str::to_owned),
        uri.account().to_owned(),
        uri.other_parameters().map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Vec<_>>(),
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        bytes in prop::collection::vec(any::<u8>(), 16..=128),
        algorithm in algorithm(),
        digits in 6..=8_u8,
        period in 15..=300_u64,
        counter in any::<Option<u64>>(),
        issuer in prop_oneof![Just(String::new()), name()],
        account in name(),
        other in prop::collection::vec(("x[^\\p{Cc}]{0,5}", r"[^\p{Cc}]{0,10}"), 0..3),
    ) {
        let secret = Secret::from_bytes(&bytes).unwrap();
        let digits = Digits::try_from(digits).unwrap();
        let mut uri = match counter {
            Some(counter) => KeyUri::hotp(&Hotp::new(secret).algorithm(algorithm).digits(digits), counter, &issuer, &account),
            None => {
                let totp = Totp::new(secret).algorithm(algorithm).digits(digits).period(Period::from_secs(period).unwrap());
                KeyUri::totp(&totp, &issuer, &account)
            }
        }
        .unwrap();
        for (name, value) in &other {
            uri = uri.with_parameter(name, value).unwrap();
        }
        let text = uri.expose();
        prop_assert!(text.expose().is_ascii() && !text.expose().contains(['+', ' ']), "{}", text.expose());
        let read = KeyUri::parse(text.expose()).unwrap();
        prop_assert_eq!(fields(&read), fields(&uri));
        prop_assert_eq!(read.other_issuer(), None);
    }

    /// What can be read can be written, and is read again as the same.
    #[test]
    fn what_is_read_is_written_the_same(
        label in "[a-zA-Z%3Aé: /@]{0,12}",
        issuer in "(&issuer=[a-z%3A:]{0,6})?",
        other in "(&[a-z]{1,3}=?[a-z%25=]{0,4}){0,2}",
    ) {
        let text = format!("otpauth://totp/{label}?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ{issuer}{other}");
        if let Ok(uri) = KeyUri::parse(&text) {
            let again = KeyUri::parse(uri.expose().expose()).unwrap();
            prop_assert_eq!(fields(&again), fields(&uri), "{}", text);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), rest in ".{0,40}") {
        let _ = KeyUri::parse(&text);
        let _ = KeyUri::danger_parse_short(&format!("otpauth://totp/{rest}"));
        let _ = KeyUri::danger_parse_short(&format!("otpauth://hotp/a?{rest}"));
    }
}
