//! What a user types: it looks like a code exactly if an independent decoder finds 16 symbols in it.
#![no_main]

use base32::Alphabet;
use countersign_backup_codes::{Digester, Settings};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let compact: String = input.chars().filter(|symbol| !matches!(symbol, ' ' | '-')).collect();
    let decoded = base32::decode(Alphabet::Crockford, &compact.to_ascii_uppercase());
    let expected = input.len() <= 128 && compact.is_ascii() && compact.len() == 16 && decoded.is_some();
    assert_eq!(Digester::decoy(&Settings::new()).looks_like_code(input), expected, "{input:?}");
});
