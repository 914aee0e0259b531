use countersign_backup_codes::{
    BackupCodesError, Kdf, Workspace,
    slow_hash::PasswordCheck::{Right, Wrong},
};
use getrandom::SysRng;
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    password: String,
    phc: String,
    rehash: bool,
}

#[test]
fn hashes_of_the_reference_are_checked() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../data/passwords.json")).unwrap();
    assert_eq!(cases.len(), 4);
    let (kdf, mut memory) = (Kdf::default(), Workspace::new());
    for case in cases {
        let right = kdf.verify_password(&case.phc, &mut memory, case.password.as_bytes()).unwrap();
        assert_eq!(right, Right { rehash: case.rehash }, "{}", case.phc);
        let wrong = kdf.verify_password(&case.phc, &mut memory, b"correct horse ").unwrap();
        assert_eq!(wrong, Wrong, "{}", case.phc);
    }
}

#[test]
fn each_hash_has_a_salt_of_its_own() {
    let (kdf, mut memory) = (Kdf::danger_parse("$pbkdf2-sha256$i=1000").unwrap(), Workspace::new());
    let [one, two] = [0, 1].map(|_| kdf.hash_password(&mut memory, b"x", &mut SysRng).unwrap());
    assert_ne!(one, two);
    assert!(one.starts_with("$pbkdf2-sha256$i=1000$"));
    assert_eq!(kdf.verify_password(&one, &mut memory, b"x").unwrap(), Right { rehash: false });
    assert_eq!(Kdf::default().verify_password(&one, &mut memory, b"x").unwrap(), Right { rehash: true });
}

#[test]
fn no_changed_hash_is_right() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../data/passwords.json")).unwrap();
    let phc = &cases[3].phc;
    let (kdf, mut memory) = (Kdf::default(), Workspace::new());
    let last = phc.rfind('$').unwrap();
    for at in 0..phc.len() {
        let mut changed = phc.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        match kdf.verify_password(&changed, &mut memory, b"correct horse") {
            Ok(Wrong) | Err(BackupCodesError::Stored(_) | BackupCodesError::TooCostly(_)) => {}
            other => panic!("{other:?} for {changed}"),
        }
    }
    // A hash that is cut short is not compared in part.
    for len in last..phc.len() {
        let cut = kdf.verify_password(&phc[..len], &mut memory, b"correct horse");
        assert!(!matches!(cut, Ok(Right { .. })), "{len}");
    }
}

#[test]
fn faulty_and_costly_strings_are_refused() {
    let (kdf, mut memory) = (Kdf::default(), Workspace::new());
    let salt_and_hash = "$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for phc in ["", "$", "$$", "$argon2id$v=19$m=19456,t=2,p=1", "plain", salt_and_hash] {
        let checked = kdf.verify_password(phc, &mut memory, b"x");
        assert!(matches!(checked, Err(BackupCodesError::Stored(_))), "{phc:?}: {checked:?}");
    }
    let costly = format!("$argon2id$v=19$m=4294967295,t=2,p=1{salt_and_hash}");
    assert!(matches!(kdf.verify_password(&costly, &mut memory, b"x"), Err(BackupCodesError::TooCostly(_))));
    let long = format!("$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA${}", "A".repeat(300));
    assert!(matches!(kdf.verify_password(&long, &mut memory, b"x"), Err(BackupCodesError::Stored(_))));
    assert_eq!(memory.memory_kib(), 0);
}
