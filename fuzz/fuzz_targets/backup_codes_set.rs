//! A stored set: what is read is bounded, and written so that it is read the same.
#![no_main]

use countersign_backup_codes::CodeSet;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    if let Ok(set) = serde_json::from_str::<CodeSet>(input) {
        assert!(set.remaining() <= 16);
        let text = serde_json::to_string(&set).expect("our own form");
        let again: CodeSet = serde_json::from_str(&text).expect("our own text");
        assert_eq!(serde_json::to_string(&again).expect("our own form"), text);
    }
});
