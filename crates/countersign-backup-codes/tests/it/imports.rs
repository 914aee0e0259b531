use countersign_backup_codes::{BackupCodesError, CodeSet, Spelling, Workspace};
use getrandom::SysRng;
use serde::Deserialize;

use crate::support::{digest, shown};

#[derive(Deserialize)]
struct Imports {
    codes: Vec<String>,
    pbkdf2_as_typed: Vec<String>,
    pbkdf2_upper_compact: Vec<String>,
    #[cfg_attr(not(feature = "import-bcrypt"), expect(dead_code, reason = "read with the feature alone"))]
    bcrypt_as_typed: Vec<String>,
}

fn imports() -> Imports {
    serde_json::from_str(include_str!("../data/imports.json")).unwrap()
}

fn import(hashes: &[String], spelling: Spelling) -> Result<CodeSet, BackupCodesError> {
    let hashes: Vec<&str> = hashes.iter().map(String::as_str).collect();
    CodeSet::import(&hashes, spelling, &mut SysRng)
}

/// Burns every code once, in `spelt`'s spelling, going through the stored form each time.
fn all_burn_once(hashes: &[String], spelling: Spelling, spelt: impl Fn(&str) -> String) {
    let mut set = import(hashes, spelling).unwrap();
    let codes = imports().codes;
    assert_eq!((set.remaining(), set.kdf(), set.pepper_id()), (8, None, None));
    for (at, code) in codes.iter().enumerate() {
        let digest = digest(&set.digester(), &spelt(code));
        assert!(set.burn(&digest), "{code}");
        assert!(!set.burn(&digest), "{code} again");
        let text = serde_json::to_string(&set).unwrap();
        set = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&set).unwrap(), text);
        assert!(!set.burn(&digest), "{code} after it was stored");
        assert_eq!(set.remaining(), 7 - at);
        assert_eq!(set.is_low(), 7 - at <= 3);
    }
}

#[test]
fn pbkdf2_codes_burn_once() {
    let imports = imports();
    all_burn_once(&imports.pbkdf2_as_typed, Spelling::default(), |code| format!(" {code}"));
    let compact = Spelling::default().upper_case().without_separators();
    all_burn_once(&imports.pbkdf2_upper_compact, compact, |code| code.replace('-', " "));
    all_burn_once(&imports.pbkdf2_as_typed, Spelling::default().lower_case(), str::to_uppercase);
}

#[cfg(feature = "import-bcrypt")]
#[test]
fn bcrypt_codes_burn_once() {
    let imports = imports();
    all_burn_once(&imports.bcrypt_as_typed, Spelling::default(), str::to_owned);
    let both = [&imports.pbkdf2_as_typed[..4], &imports.bcrypt_as_typed[4..]].concat();
    all_burn_once(&both, Spelling::default(), str::to_owned);
}

#[test]
fn a_wrong_code_and_another_sets_digest_are_refused() {
    let imports = imports();
    let mut set = import(&imports.pbkdf2_as_typed, Spelling::default()).unwrap();
    assert!(!set.burn(&digest(&set.digester(), &imports.codes[0].to_uppercase())));
    let mut other = import(&imports.pbkdf2_as_typed, Spelling::default()).unwrap();
    assert!(!set.burn(&digest(&other.digester(), &imports.codes[0])));
    assert!(other.burn(&digest(&other.digester(), &imports.codes[0])));
    let (codes, ours) = shown();
    assert!(!set.burn(&digest(&ours.digester(), &codes[0])));
}

#[test]
fn what_is_no_code_costs_nothing() {
    let digester = import(&imports().pbkdf2_as_typed, Spelling::default().without_separators()).unwrap().digester();
    let long = "a".repeat(65);
    for input in ["", "abcde", "a-b-c-d-e", "abcdef\n", "abcdefé", "      ", &long] {
        assert!(!digester.looks_like_code(input), "{input:?}");
        assert!(matches!(digester.digest(input, &mut Workspace::new()), Err(BackupCodesError::Malformed)), "{input:?}");
    }
    assert!(digester.looks_like_code("abc-def"));
}

#[test]
fn the_work_of_one_attempt_is_bounded() {
    let pbkdf2 = |iterations: u32| format!("pbkdf2_sha256${iterations}$salt${}=", "A".repeat(43));
    assert!(import(&vec![pbkdf2(625_000); 16], Spelling::default()).is_ok());
    let costly = import(&vec![pbkdf2(625_001); 16], Spelling::default());
    assert!(matches!(costly, Err(BackupCodesError::TooCostly(_))));
    assert!(matches!(import(&vec![pbkdf2(1); 17], Spelling::default()), Err(BackupCodesError::OutOfRange(_))));
    assert!(matches!(import(&[], Spelling::default()), Err(BackupCodesError::OutOfRange(_))));
}

#[cfg(feature = "import-bcrypt")]
#[test]
fn the_work_of_bcrypt_is_bounded() {
    let bcrypt = |cost: u32| format!("$2b${cost:02}${}", ".".repeat(53));
    assert!(import(&vec![bcrypt(11); 16], Spelling::default()).is_ok());
    for (cost, count) in [(12, 9), (16, 1), (31, 1), (31, 16)] {
        let costly = import(&vec![bcrypt(cost); count], Spelling::default());
        assert!(matches!(costly, Err(BackupCodesError::TooCostly(_))), "{cost}, {count}");
    }
}

#[test]
fn faulty_strings_are_refused() {
    let hash = format!("{}=", "A".repeat(43));
    let mut faulty = vec![
        String::new(),
        "plain".into(),
        format!("pbkdf2_sha1$1000$salt${hash}"),
        format!("pbkdf2_sha256$0$salt${hash}"),
        format!("pbkdf2_sha256$+1$salt${hash}"),
        format!("pbkdf2_sha256$$salt${hash}"),
        format!("pbkdf2_sha256$4294967296$salt${hash}"),
        format!("pbkdf2_sha256$1000$${hash}"),
        format!("pbkdf2_sha256$1000${}${hash}", "s".repeat(65)),
        format!("pbkdf2_sha256$1000$sa lt${hash}"),
        format!("pbkdf2_sha256$1000$salt${hash}$"),
        "pbkdf2_sha256$1000$salt$AAAA".into(),
        "pbkdf2_sha256$1000$salt".into(),
        format!("$2x$10${}", ".".repeat(53)),
        format!("$2b$03${}", ".".repeat(53)),
        format!("$2b$32${}", ".".repeat(53)),
        format!("$2b$+4${}", ".".repeat(53)),
        format!("$2b$10${}", ".".repeat(52)),
        format!("$2b$10${}", ".".repeat(54)),
        format!("$2b$10${}é", ".".repeat(51)),
        format!("$2b$10${}é{}", ".".repeat(20), ".".repeat(31)),
        format!("$2b$10${}!{}", ".".repeat(21), ".".repeat(31)),
    ];
    if !cfg!(feature = "import-bcrypt") {
        faulty.push(format!("$2b$10${}", ".".repeat(53)));
    }
    for text in faulty {
        let imported = import(std::slice::from_ref(&text), Spelling::default());
        assert!(matches!(imported, Err(BackupCodesError::Stored(_))), "{text:?}: {imported:?}");
    }
}
