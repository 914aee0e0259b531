//! Texts that Node's `crypto` and the `openssl` program made: see `tests/data/README.md`.

use base64ct::{Base64, Encoding};
use countersign_vault::{
    DidNotOpen, Plaintext,
    legacy::{LegacyKey, danger_open_cbc, open_base64, open_hex_json},
};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Case {
    key: String,
    plaintext: String,
    sealed: String,
}

impl Case {
    fn key(&self) -> LegacyKey {
        LegacyKey::from_hex(&self.key).unwrap()
    }
}

fn all_open(cases: &str, open: impl Fn(&LegacyKey, &str) -> Result<Plaintext, DidNotOpen>) -> Vec<Case> {
    let cases: Vec<Case> = serde_json::from_str(cases).unwrap();
    assert!(cases.len() >= 4);
    for (at, case) in cases.iter().enumerate() {
        let opened = open(&case.key(), &case.sealed).unwrap();
        assert_eq!(opened.expose_bytes(), case.plaintext.as_bytes(), "case {at}");
        assert!(
            open(&LegacyKey::from_bytes([7; 32]), &case.sealed).is_err_and(|error| error == DidNotOpen),
            "case {at}"
        );
    }
    cases
}

fn hex_json(change: impl Fn(&mut Value)) -> bool {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../data/legacy_hex_json.json")).unwrap();
    let mut form = serde_json::from_str(&cases[0].sealed).unwrap();
    change(&mut form);
    open_hex_json(&cases[0].key(), &form.to_string()).is_ok()
}

#[test]
fn hex_json_opens() {
    let cases = all_open(include_str!("../data/legacy_hex_json.json"), open_hex_json);
    let case = &cases[0];
    let twice = case.sealed.replacen('{', r#"{"iv":"00","#, 1);
    assert!(open_hex_json(&case.key(), &twice).is_err());
    assert!(open_hex_json(&case.key(), &format!("{} x", case.sealed)).is_err());
    assert!(open_hex_json(&case.key(), &format!("{}{}", case.sealed, " ".repeat(200_000))).is_err());
}

#[test]
fn hex_json_takes_one_size_of_tag_and_iv() {
    assert!(hex_json(|_| ()));
    for field in ["iv", "authTag"] {
        for len in (0..=40).filter(|len| *len != 32) {
            let cut = |form: &mut Value| {
                let text = form[field].as_str().unwrap().repeat(2);
                form[field] = text[..len].into();
            };
            assert!(!hex_json(cut), "{field} of {len} digits");
        }
    }
}

#[test]
fn hex_json_that_was_changed_does_not_open() {
    for field in ["encrypted", "iv", "authTag"] {
        for at in 0..32 {
            let change = |form: &mut Value| {
                let mut text = form[field].as_str().unwrap().to_owned();
                let other = if &text[at..=at] == "0" { "1" } else { "0" };
                text.replace_range(at..=at, other);
                form[field] = text.into();
            };
            assert!(!hex_json(change), "{field}, digit {at}");
        }
        assert!(!hex_json(|form| form[field] = Value::Null));
        assert!(!hex_json(|form| drop(form.as_object_mut().unwrap().remove(field))));
    }
    assert!(!hex_json(|form| form["aad"] = "".into()));
}

#[test]
fn base64_opens_and_nothing_that_was_changed() {
    let cases = all_open(include_str!("../data/legacy_base64.json"), open_base64);
    let case = &cases[0];
    let data = Base64::decode_vec(&case.sealed).unwrap();
    for at in 0..data.len() * 8 {
        let mut data = data.clone();
        data[at / 8] ^= 1 << (at % 8);
        assert!(open_base64(&case.key(), &Base64::encode_string(&data)).is_err(), "bit {at}");
    }
    for len in 0..data.len() {
        assert!(open_base64(&case.key(), &Base64::encode_string(&data[..len])).is_err(), "{len} bytes");
    }
    assert!(open_base64(&case.key(), &"A".repeat(200_000)).is_err());
}

#[test]
fn cbc_opens_what_has_whole_blocks_and_a_padding() {
    let cases = all_open(include_str!("../data/legacy_cbc.json"), danger_open_cbc);
    let case = cases.last().unwrap();
    for len in (0..case.sealed.len()).filter(|len| len % 32 != 1) {
        assert!(danger_open_cbc(&case.key(), &case.sealed[..len]).is_err(), "{len} characters");
    }
    let (iv, _) = case.sealed.split_once(':').unwrap();
    assert!(danger_open_cbc(&case.key(), &format!("{iv}:")).is_err());
    assert!(danger_open_cbc(&case.key(), &"0".repeat(200_000)).is_err());
}
