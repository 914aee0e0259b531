//! Any bytes as a line of an import of accounts, and any text as each of its fields: nothing panics, the bound holds, and
//! no message holds what the line holds. No hash is run.
#![no_main]

use countersign_server::ImportLine;
use libfuzzer_sys::fuzz_target;
use serde_json::json;

const HASH: &str = "$2b$10$abcdefghijklmnopqrstuuWmrX/toxJOfiI2ZZ0QfIe.4aART8CiC";
const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

fuzz_target!(|input: &[u8]| {
    read(input);
    let Ok(text) = str::from_utf8(input) else { return };
    for line in [
        json!({"email": text, "password_hash": HASH}),
        json!({"email": "ada@example.com", "password_hash": text}),
        json!({"email": "ada@example.com", "password_hash": HASH, "secret": text}),
        json!({"email": "ada@example.com", "password_hash": HASH, "uri": text}),
        json!({"email": "ada@example.com", "password_hash": HASH, "secret": SECRET, "algorithm": text}),
        json!({"email": "ada@example.com", "password_hash": HASH, text: text}),
    ] {
        read(line.to_string().as_bytes());
    }
});

fn read(line: &[u8]) {
    match ImportLine::parse(line) {
        Ok(_) => assert!(line.len() <= ImportLine::LONGEST),
        // The longest message with the longest column.
        Err(problem) => assert!(problem.to_string().len() < 250),
    }
}
