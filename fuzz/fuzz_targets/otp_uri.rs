//! Any text as a key URI: nothing panics, and what is read is written and read again as the same.
#![no_main]

use countersign_otp::{KeyUri, UnixTime};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    round(text);
    // With a secret given, so that most inputs get past it.
    round(&format!("otpauth://totp/{text}?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"));
    round(&format!("otpauth://hotp/a?counter=1&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&{text}"));
});

fn round(text: &str) {
    let Ok(uri) = KeyUri::danger_parse_short(text) else { return };
    let written = uri.expose();
    // Percent-encoding may take a text that was within bounds over them.
    if written.expose().len() <= KeyUri::MAX_BYTES {
        let again = KeyUri::danger_parse_short(written.expose()).expect("what was written is read");
        assert_eq!(again.expose().expose(), written.expose());
    }
    if let Some(totp) = uri.to_totp() {
        let _ = totp.code_at(UnixTime::from_secs(59));
    }
    let _ = (uri.to_hotp(), uri.to_steam());
}
