//! Any text as Base32: nothing panics, and what is taken is what a strict decoder makes of its letters.
#![no_main]

use countersign_otp::Secret;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(secret) = Secret::danger_from_short_base32(text) else { return };
    let letters: String = text
        .chars()
        .filter(|letter| !matches!(letter, ' ' | '-' | '='))
        .map(|letter| letter.to_ascii_uppercase())
        .collect();
    let alphabet = base32::Alphabet::Rfc4648 { padding: false };
    assert_eq!(base32::decode(alphabet, &letters).as_deref(), Some(secret.expose_bytes()));
    assert_eq!(secret.to_base32().expose(), letters);
});
