//! A key ring's text: what is read is written so that it is read the same.
#![no_main]

use countersign_vault::KeyRing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    if let Ok(ring) = KeyRing::parse(input) {
        let again = KeyRing::parse(ring.to_text().expose_str()).expect("our own text");
        assert!(again.ids().eq(ring.ids()));
    }
});
