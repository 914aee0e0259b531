//! A sealed value: what is read is written the same, and nothing that was not sealed opens.
#![no_main]

use std::sync::LazyLock;

use countersign_vault::{Context, KeyRing, MasterKey, Purpose, Sealed, Vault};
use libfuzzer_sys::fuzz_target;

static VAULT: LazyLock<Vault> = LazyLock::new(|| {
    let key = "8d1f2e6a0b95c47733e8d20f6ab1947c5e03fd8821b64f9ae07d52c6139b48ef";
    Vault::new(KeyRing::new(MasterKey::from_hex(key).expect("no weak key")))
});

fuzz_target!(|input: &str| {
    // The key id is put in its place, so that the cipher is reached.
    let text = input.replacen('@', &VAULT.key_ring().active_id().to_string(), 1);
    if let Ok(sealed) = text.parse::<Sealed>() {
        assert_eq!(sealed.to_string(), text);
        assert!(VAULT.open(&Context::new(Purpose::SECRET, "user"), &sealed).is_err());
    }
});
