//! After use, no copy of a key or of what was sealed is left in this process.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

mod scan;

use std::hint::black_box;

use countersign_vault::{Context, KeyRing, MasterKey, Purpose, Vault};
use getrandom::SysRng;

use scan::{Needle, alone, found, random};

#[test]
fn a_plain_vector_is_found() {
    let _alone = alone();
    let mut bytes = vec![0; 32];
    random(&mut bytes);
    let needle = Needle::of(&bytes);
    assert!(found(&needle));
    drop(black_box(bytes));
}

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
fn no_key_and_no_plaintext_is_left_after_use() {
    let _alone = alone();
    let (key, text, plaintext, subkey) = use_the_vault();
    for (needle, name) in
        [(key, "key"), (text, "key in hexadecimal digits"), (plaintext, "plaintext"), (subkey, "subkey")]
    {
        assert!(!found(&needle), "a copy of the {name} is left");
    }
}

#[inline(never)]
fn use_the_vault() -> (Needle, Needle, Needle, Needle) {
    let key = MasterKey::generate(&mut SysRng).unwrap();
    let key_needle = Needle::of(key.expose_bytes());
    let vault = Vault::new(KeyRing::new(key));
    let id = vault.key_ring().active_id();
    let text = vault.key_ring().to_text();
    let text_needle = Needle::of(text.expose_str().rsplit(' ').next().unwrap().trim_end().as_bytes());
    let again = Vault::new(KeyRing::parse(text.expose_str()).unwrap());
    drop(text);

    let mut secret = zeroize::Zeroizing::new([0; 104]);
    random(&mut *secret);
    let plaintext_needle = Needle::of(&*secret);
    let place = Context::new(Purpose::SECRET, "user-42");
    let sealed = vault.seal(&place, &*secret, &mut SysRng).unwrap();
    // First what fails, since it would write over what the rest leaves behind.
    assert!(again.open(&Context::new(Purpose::SECRET, "user-43"), &sealed).is_err());
    let opened = again.open(&place, &sealed).unwrap();
    assert_eq!(opened.expose_bytes(), &*secret);
    let _ = black_box(vault.lookup_hash(Purpose::LOOKUP, &*secret));
    let _ = black_box(vault.authenticate(Purpose::AUDIT, &[&*secret]));
    let subkey = vault.subkey(&id, Purpose::DEVICE).unwrap();
    let subkey_needle = Needle::of(subkey.expose_bytes());
    // While all of it is in use, all of it is found: the search sees the places where it lies.
    assert!(found(&key_needle) && found(&plaintext_needle) && found(&subkey_needle));
    (key_needle, text_needle, plaintext_needle, subkey_needle)
}
