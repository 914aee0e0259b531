//! Any text as an export, and any bytes as what an export holds: nothing panics, and what can be read can be written and read again.
#![no_main]

use countersign_otp::migration::{self, Assembly, Batch};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        round(migration::danger_decode_short(text));
    }
    let hex: String = bytes.iter().map(|byte| format!("%{byte:02X}")).collect();
    round(migration::danger_decode_short(&format!("otpauth-migration://offline?data={hex}")));
    round(migration::danger_decode_short(&format!("otpauth-migration://offline?data={}", base64(bytes))));
});

fn round(batch: Result<Batch, countersign_otp::OtpError>) {
    let Ok(batch) = batch else { return };
    let (id, entries): (_, Vec<_>) = (batch.id, batch.entries.into_iter().flatten().collect());
    let Ok(texts) = migration::encode(&entries, id) else { return };
    let mut assembly = Assembly::default();
    for text in &texts {
        if let Ok(batch) = migration::danger_decode_short(text.expose()) {
            assembly.add(batch).expect("one export");
        }
    }
    if let Ok(again) = assembly.finish() {
        assert_eq!(again.len(), entries.len());
    }
}

fn base64(bytes: &[u8]) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let word = three.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        (0..=three.len()).for_each(|place| text.push(char::from(alphabet[(word >> (18 - 6 * place) & 63) as usize])));
    }
    text
}
