use countersign_otp::{
    Algorithm, Digits, Hotp, KeyUri, OtpError, Period, Secret, Steam, Totp, UriKind,
    migration::{self, Assembly, Refused},
};
use proptest::prelude::*;

use super::{totp, uri};

const FOUR: &str = include_str!("../data/migration-four-entries.txt");
const SHORT: &str = include_str!("../data/migration-short-secret.txt");

fn decoded(bytes: &[u8]) -> Result<migration::Batch, OtpError> {
    let data = bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:08b}"));
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letters: String = data
        .as_bytes()
        .chunks(6)
        .map(|six| {
            let bits = format!("{:0<6}", std::str::from_utf8(six).unwrap());
            char::from(alphabet[usize::from_str_radix(&bits, 2).unwrap()])
        })
        .collect();
    migration::decode(&format!("otpauth-migration://offline?data={letters}"))
}

#[test]
fn an_export_of_the_app_is_read() {
    let batch = migration::decode(FOUR.trim()).unwrap();
    assert_eq!((batch.index, batch.size, batch.id), (0, 1, 634_375_875));
    let entries: Vec<_> = batch.entries.iter().map(|entry| entry.as_ref().unwrap()).collect();
    let names: Vec<_> = entries.iter().map(|entry| (entry.issuer().unwrap(), entry.account())).collect();
    assert_eq!(
        names,
        [
            ("ACME Co", "john@example.com"),
            ("Beta Ltd.", "homer@example.com"),
            ("Cats & Dogs", "marge@example.com"),
            ("Daily Bugle", "peter@example.com"),
        ]
    );
    for entry in &entries {
        assert_eq!(entry.kind(), UriKind::Totp { period: Period::THIRTY_SECONDS });
        assert_eq!((entry.algorithm(), entry.digits()), (Algorithm::Sha1, Digits::SIX));
    }
    assert_eq!(entries[0].secret().to_base32().expose(), "NHCKM5GMIOZIHAXDK2O5O4Q3ECNUSUW2");
}

/// What was read is written byte by byte as the app wrote it, but for the percent-encoding, which the example lacks.
#[test]
fn an_export_is_written_as_the_app_does() {
    let batch = migration::decode(FOUR.trim()).unwrap();
    let entries: Vec<KeyUri> = batch.entries.into_iter().map(Result::unwrap).collect();
    let written = migration::encode(&entries, batch.id).unwrap();
    assert_eq!(written.len(), 1);
    let plain = written[0].expose().replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
    assert_eq!(plain, FOUR.trim());
}

#[test]
fn a_short_secret_needs_the_danger_way() {
    let refused =
        Refused { issuer: "Example".into(), account: "alice@google.com".into(), reason: OtpError::SecretTooShort };
    let batch = migration::decode(SHORT.trim()).unwrap();
    assert_eq!(batch.entries[0].as_ref().err(), Some(&refused));
    let batch = migration::danger_decode_short(SHORT.trim()).unwrap();
    assert_eq!(batch.entries[0].as_ref().unwrap().secret().expose_bytes(), b"Hello!\xde\xad\xbe\xef");
}

#[test]
fn base64_is_read_however_it_was_passed_on() {
    let plain = FOUR.trim();
    let (prefix, data) = plain.split_once("data=").unwrap();
    for data in [
        data.replace('+', "%2B").replace('/', "%2f").replace('=', "%3D"),
        data.replace('+', "%20"),
        data.replace('+', " "),
        data.trim_end_matches('=').to_owned(),
        data.to_owned() + "&x=y",
    ] {
        let batch = migration::decode(&format!("{prefix}data={data}")).unwrap();
        assert_eq!(batch.entries.len(), 4);
        assert!(batch.entries.iter().all(Result::is_ok));
    }
}

#[test]
fn damage_is_an_error() {
    for (text, error) in [
        ("", OtpError::UriKind),
        ("otpauth-migration://offline", OtpError::UriKind),
        ("otpauth-migration://online?data=", OtpError::UriKind),
        ("otpauth-migration://offline?", OtpError::Migration),
        ("otpauth-migration://offline?data=A", OtpError::Migration),
        ("otpauth-migration://offline?data=%ff", OtpError::Migration),
        ("otpauth-migration://offline?data=*", OtpError::Migration),
        ("otpauth-migration://offline?data=CjEK", OtpError::Migration),
    ] {
        assert_eq!(migration::decode(text).err(), Some(error), "{text}");
    }
    assert_eq!(migration::decode(&"x".repeat(8193)).err(), Some(OtpError::UriTooLong));
    for bytes in [
        &[0x0a][..],                                                      // a length is missing
        &[0x0a, 5, 1],                                                    // fewer bytes than it says
        &[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], // a length of 64 bits
        &[0x80],                                                          // an unfinished number
        &[0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2], // more than 64 bits
        &[0x0b],                                                          // a group
        &[0x18, 2, 0x20, 2],                                              // the third of two
        &[0x18, 0xe9, 0x07],                                              // 1001 texts
        &[0x28, 0x80, 0x80, 0x80, 0x80, 0x10],                            // an id beyond 32 bits
    ] {
        assert_eq!(decoded(bytes).err(), Some(OtpError::Migration), "{bytes:?}");
    }
    // Nothing, and fields of every type that are not known.
    assert!(decoded(&[]).unwrap().entries.is_empty());
    assert!(
        decoded(&[0x79, 0, 0, 0, 0, 0, 0, 0, 0, 0x7d, 0, 0, 0, 0, 0x7a, 1, 0, 0x78, 1]).unwrap().entries.is_empty()
    );
}

/// One entry that is not taken does not take the others with it.
#[test]
fn entries_are_refused_one_by_one() {
    let entry = |extra: &[u8]| {
        let mut entry = vec![0x0a, 20];
        entry.extend_from_slice(b"12345678901234567890");
        entry.extend_from_slice(&[0x12, 1, b'a']);
        entry.extend_from_slice(extra);
        let mut field = vec![0x0a, u8::try_from(entry.len()).unwrap()];
        field.extend(entry);
        field
    };
    let cases: [(&[u8], Option<OtpError>); 9] = [
        (&[], None),
        (&[0x20, 3, 0x28, 2, 0x30, 2], None),
        (&[0x30, 1, 0x38, 9], None),
        (&[0x20, 4], Some(OtpError::Algorithm)), // MD5
        (&[0x28, 3], Some(OtpError::Digits)),
        (&[0x30, 3], Some(OtpError::UriKind)),
        (&[0x12, 1, b'\n'], None), // white space around a name is cut off
        (&[0x12, 3, b'a', b'\n', b'b'], Some(OtpError::UriLabel)),
        (&[0x0a, 0], Some(OtpError::SecretTooShort)),
    ];
    let bytes: Vec<u8> = cases.iter().flat_map(|(extra, _)| entry(extra)).collect();
    let batch = decoded(&bytes).unwrap();
    assert_eq!(batch.entries.len(), cases.len());
    for (entry, (extra, reason)) in batch.entries.iter().zip(cases) {
        assert_eq!(entry.as_ref().err().map(|refused| refused.reason), reason, "{extra:?}");
    }
    let second = batch.entries[1].as_ref().unwrap();
    assert_eq!((second.algorithm(), second.digits()), (Algorithm::Sha512, Digits::EIGHT));
    assert_eq!(batch.entries[2].as_ref().unwrap().kind(), UriKind::Hotp { counter: 9 });
}

#[test]
fn what_the_format_has_not_is_refused() {
    let secret = || Secret::from([7; 20]);
    for uri in [
        KeyUri::totp(&Totp::new(secret()).digits(Digits::SEVEN), "", "alice"),
        KeyUri::totp(&Totp::new(secret()).period(Period::from_secs(60).unwrap()), "", "alice"),
        KeyUri::steam(&Steam::new(secret()), "", "alice"),
    ] {
        assert_eq!(migration::encode(&[uri.unwrap()], 0).err(), Some(OtpError::Inexpressible));
    }
}

#[test]
fn a_large_export_is_put_together_in_any_order() {
    let entries: Vec<KeyUri> =
        (0..25).map(|n| KeyUri::totp(&totp(), "Example", &format!("user{n}")).unwrap()).collect();
    let texts = migration::encode(&entries, -5).unwrap();
    assert_eq!(texts.len(), 3);
    let batch = |index: usize| migration::decode(texts[index].expose()).unwrap();
    assert_eq!((batch(1).id, batch(1).size, batch(1).index, batch(1).entries.len()), (-5, 3, 1, 10));

    let mut assembly = Assembly::default();
    assert_eq!(assembly.missing(), [0]);
    for (index, missing) in [(2, vec![0, 1]), (0, vec![1]), (2, vec![1])] {
        assembly.add(batch(index)).unwrap();
        assert_eq!(assembly.missing(), missing);
    }
    let other = migration::encode(&entries, 6).unwrap();
    assert_eq!(assembly.add(migration::decode(other[1].expose()).unwrap()), Err(OtpError::Migration));
    let smaller = migration::encode(&entries[..11], -5).unwrap();
    assert_eq!(assembly.add(migration::decode(smaller[1].expose()).unwrap()), Err(OtpError::Migration));
    assembly.add(batch(1)).unwrap();
    let accounts: Vec<String> =
        assembly.finish().unwrap().into_iter().map(|entry| entry.unwrap().account().to_owned()).collect();
    assert_eq!(accounts, (0..25).map(|n| format!("user{n}")).collect::<Vec<_>>());

    let mut assembly = Assembly::default();
    assembly.add(batch(0)).unwrap();
    assert_eq!(assembly.finish().err(), Some(OtpError::Migration));
    assert_eq!(Assembly::default().finish().err(), Some(OtpError::Migration));
    assert_eq!(migration::encode(&[], 1).unwrap().len(), 1);
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        bytes in prop::collection::vec(any::<u8>(), 16..=128),
        counter in any::<Option<u64>>(),
        eight in any::<bool>(),
        issuer in "[^\\p{Cc}:]{0,10}",
        account in "[^\\p{Cc}: ]{1,10}",
        id in any::<i32>(),
    ) {
        prop_assume!(!account.trim().is_empty());
        let secret = Secret::from_bytes(&bytes).unwrap();
        let digits = if eight { Digits::EIGHT } else { Digits::SIX };
        let uri = match counter {
            Some(counter) => KeyUri::hotp(&Hotp::new(secret).digits(digits), counter, &issuer, &account),
            None => KeyUri::totp(&Totp::new(secret).digits(digits).algorithm(Algorithm::Sha512), &issuer, &account),
        }
        .unwrap();
        let expected = uri.expose();
        let texts = migration::encode(&[uri], id).unwrap();
        let batch = migration::decode(texts[0].expose()).unwrap();
        prop_assert_eq!(batch.id, id);
        let read = batch.entries[0].as_ref().unwrap().expose();
        prop_assert_eq!(read.expose(), expected.expose());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let _ = decoded(&bytes);
    }
}

#[test]
fn debug_of_a_batch_tells_nothing() {
    let texts = migration::encode(&[uri()], 1).unwrap();
    let shown = format!("{:?}", migration::decode(texts[0].expose()).unwrap());
    assert!(shown.contains("[REDACTED]") && !shown.contains("GEZD") && !shown.contains("49, 50"), "{shown}");
}
