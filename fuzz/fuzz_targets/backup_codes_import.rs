//! Hashes of other systems, and the parameters and PHC strings of slow hashes. None is run: they are slow by design.
#![no_main]

use countersign_backup_codes::{CodeSet, Kdf, Spelling};
use getrandom::SysRng;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let lines: Vec<&str> = input.lines().collect();
    if let Ok(set) = CodeSet::import(&lines, Spelling::default(), &mut SysRng) {
        assert!(set.remaining() <= lines.len() && lines.len() <= 16);
        let text = serde_json::to_string(&set).expect("our own form");
        let again: CodeSet = serde_json::from_str(&text).expect("our own text");
        assert_eq!(again.remaining(), set.remaining());
    }
    if let Ok(kdf) = Kdf::of_password(input) {
        assert!((1..=10_000_000).contains(&kdf.iterations()));
    }
    if let Ok(kdf) = Kdf::danger_parse(input) {
        assert_eq!(Kdf::danger_parse(&kdf.to_string()).expect("our own text"), kdf);
    }
});
