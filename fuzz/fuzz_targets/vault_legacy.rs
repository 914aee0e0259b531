//! Texts of older formats, under a key that sealed none of them.
#![no_main]

use countersign_vault::legacy::{LegacyKey, danger_open_cbc, open_base64, open_hex_json};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let key = LegacyKey::from_bytes([7; 32]);
    assert!(open_hex_json(&key, input).is_err());
    assert!(open_base64(&key, input).is_err());
    // CBC proves nothing: some texts open.
    let _ = danger_open_cbc(&key, input);
});
