//! After use, no copy of a code, a password or a pepper is left in this process.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

#[path = "../../countersign-vault/tests/memory/scan.rs"]
mod scan;

use std::hint::black_box;

use countersign_backup_codes::{BackupCodes, Kdf, Settings, Workspace};
use getrandom::SysRng;
use zeroize::Zeroizing;

use scan::{Needle, alone, found, random};

#[test]
fn a_plain_vector_is_found_after_it_was_dropped() {
    let _alone = alone();
    let mut bytes = vec![0; 100];
    random(&mut bytes);
    let needle = Needle::of(&bytes);
    drop(black_box(bytes));
    assert!(found(&needle));
}

#[test]
fn no_code_is_left_after_use() {
    for kdf in [Kdf::default(), Kdf::danger_parse("$pbkdf2-sha256$i=1000").unwrap()] {
        let _alone = alone();
        for (needle, name) in use_codes(kdf) {
            assert!(!found(&needle), "a copy of the {name} is left, {kdf}");
        }
    }
}

#[inline(never)]
fn use_codes(kdf: Kdf) -> Vec<(Needle, &'static str)> {
    let mut memory = Workspace::new();
    let mut pepper = Zeroizing::new([0; 32]);
    random(&mut *pepper);
    let settings = Settings::new().count(8).unwrap().characters(32).unwrap().kdf(kdf).pepper("key-1", &pepper).unwrap();
    let (codes, mut set) = BackupCodes::generate(&settings, &mut memory, &mut SysRng).unwrap();
    let mut compact = Zeroizing::new(String::with_capacity(64));
    codes[0].expose_str().chars().filter(|symbol| *symbol != '-').for_each(|symbol| compact.push(symbol));
    let needles = vec![
        (Needle::of(codes[0].expose_str().as_bytes()), "code as it is shown"),
        (Needle::of(compact.as_bytes()), "code as it is hashed"),
        (Needle::of(&*pepper), "pepper"),
    ];
    let digest = set.digester().with_pepper(&pepper).digest(&compact, &mut memory).unwrap();
    assert!(set.burn(&digest));
    // While all of it is in use, all of it is found: the search sees the places where it lies.
    assert!(needles.iter().all(|(needle, _)| found(needle)));
    needles
}

#[test]
fn no_password_is_left_after_use() {
    let _alone = alone();
    let needle = use_password();
    assert!(!found(&needle), "a copy of the password is left");
}

#[inline(never)]
fn use_password() -> Needle {
    let mut password = Zeroizing::new([0; 32]);
    random(&mut *password);
    let needle = Needle::of(&*password);
    let (kdf, mut memory) = (Kdf::default(), Workspace::new());
    let stored = kdf.hash_password(&mut memory, &*password, &mut SysRng).unwrap();
    let _ = black_box(kdf.verify_password(&stored, &mut memory, &*password).unwrap());
    needle
}
