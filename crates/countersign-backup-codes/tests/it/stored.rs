use countersign_backup_codes::{CodeSet, Spelling};
use getrandom::SysRng;
use serde_json::{Value, json};

use crate::support::{digest, quick, shown};

/// A stored set, changed; what comes of reading it.
fn changed(change: impl Fn(&mut Value)) -> serde_json::Result<CodeSet> {
    let mut value = serde_json::to_value(shown().1)?;
    change(&mut value);
    serde_json::from_value(value)
}

#[test]
fn what_is_stored_is_read() {
    let (codes, mut set, pepper) = quick();
    assert!(set.burn(&digest(&set.digester().with_pepper(&pepper), &codes[3])));
    let text = serde_json::to_string(&set).unwrap();
    let mut read: CodeSet = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), text);
    assert_eq!((read.id(), read.remaining()), (set.id(), 6));
    assert!(!read.burn(&digest(&read.digester().with_pepper(&pepper), &codes[3])));
    assert!(read.burn(&digest(&read.digester().with_pepper(&pepper), &codes[4])));
}

#[test]
fn a_stored_set_is_bounded_and_validated() {
    assert!(changed(|_| ()).is_ok());
    let slot = serde_json::to_value(shown().1).unwrap()["slots"][0].clone();
    let faults: [(&str, Value); 17] = [
        ("format", json!(2)),
        ("format", json!("1")),
        ("id", json!("00")),
        ("kdf", json!("$argon2id$v=19$m=4294967295,t=2,p=1")),
        ("kdf", json!("$pbkdf2-sha256$i=4294967295")),
        ("kdf", json!("none")),
        ("kdf", Value::Null),
        ("characters", json!(12)),
        ("characters", json!(33)),
        ("characters", json!(-1)),
        ("pepper", json!("")),
        ("pepper", json!("x".repeat(65))),
        ("slots", json!([])),
        ("slots", Value::Array(vec![slot.clone(); 17])),
        ("slots", json!(["AAAA"])),
        ("slots", json!([1])),
        ("spelling", json!({"case": "lower", "without_separators": false})),
    ];
    for (field, fault) in faults {
        assert!(changed(|value| value[field] = fault.clone()).is_err(), "{field}: {fault}");
    }
    assert!(changed(|value| value["slots"] = Value::Array(vec![slot.clone(); 16])).is_ok());
    assert!(changed(|value| value["more"] = json!(1)).is_err());
    for field in ["format", "id", "kdf", "characters", "slots"] {
        let without = changed(|value| drop(value.as_object_mut().unwrap().remove(field)));
        assert!(without.is_err(), "without {field}");
    }
}

#[test]
fn an_imported_set_does_not_pass_for_one_of_ours() {
    let hash = format!("pbkdf2_sha256$1000$salt${}=", "A".repeat(43));
    let imported = CodeSet::import(&[&hash], Spelling::default(), &mut SysRng).unwrap();
    let mut value = serde_json::to_value(&imported).unwrap();
    assert!(serde_json::from_value::<CodeSet>(value.clone()).is_ok());
    value["kdf"] = json!("$pbkdf2-sha256$i=1000");
    assert!(serde_json::from_value::<CodeSet>(value.clone()).is_err());
    value.as_object_mut().unwrap().remove("kdf");
    value["slots"] = json!([null]);
    assert!(serde_json::from_value::<CodeSet>(value).is_err());
}
