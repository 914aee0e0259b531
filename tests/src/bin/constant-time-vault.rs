//! Shows to valgrind's memcheck that no branch and no address depends on a key, a plaintext, a backup code or a password.
//!
//! Keys, plaintexts, codes and the bytes that codes are made from are declared undefined before they are handed in. What
//! may be known goes through `publish` of either crate, which `tests/constant-time.supp` excuses, and the branch on whether
//! a tag was right, which is in the cipher's library. Argon2id reads memory where its data says, by design, and bcrypt too:
//! slow hashing is checked with PBKDF2. With the argument `broken` the program compares a digest as one must not.
//!
//! Run by `tests/constant-time.sh`.

use std::{convert::Infallible, process::ExitCode};

use countersign_backup_codes::{
    BackupCodes, Kdf, Settings, Workspace,
    slow_hash::PasswordCheck::{Right, Wrong},
};
use countersign_tests::valgrind::{is_watching, known, known_bytes, secret_text, undefined};
use countersign_vault::{AesGcmBudget, Context, KeyRing, MasterKey, Purpose, Sealed, Vault};
use rand_core::{TryCryptoRng, TryRng};

fn main() -> ExitCode {
    if !is_watching() {
        eprintln!("run me under valgrind: tests/constant-time.sh");
        return ExitCode::FAILURE;
    }
    match std::env::args().nth(1).as_deref() {
        None => {
            vault(Vault::new(ring()));
            vault(Vault::with_aes_gcm(ring(), AesGcmBudget::new(0, 100)));
            hashes();
            backup_codes();
            passwords();
            println!("checked");
            ExitCode::SUCCESS
        }
        Some("broken") => {
            println!("{}", early_exit(&secret(1), &secret(1)));
            ExitCode::SUCCESS
        }
        Some(_) => ExitCode::FAILURE,
    }
}

/// Seal, open, refuse; a ring written down.
fn vault(vault: Vault) {
    let place = Context::new(Purpose::SECRET, "user").factor("totp");
    let sealed = vault.seal(&place, &secret(7), &mut Public(9)).expect("sealed");
    // A ciphertext is public, whatever went into it.
    let sealed: Sealed = known(&sealed.to_string()).parse().expect("our own text");
    let opened = vault.open(&place, &sealed).expect("it opens");
    assert_eq!(known_bytes(opened.expose_bytes()), known_bytes(&secret(7)));
    assert!(vault.open(&Context::new(Purpose::SECRET, "another"), &sealed).is_err());
    let text = known(vault.key_ring().to_text().expose_str());
    assert!(text.starts_with("countersign-key-ring 1\nactive "));
}

fn hashes() {
    let vault = Vault::new(ring());
    let id = vault.key_ring().active_id();
    let hash = vault.lookup_hash(Purpose::LOOKUP, &secret(3));
    let mut same = [u8::from(hash == vault.lookup_candidates(Purpose::LOOKUP, &secret(3))[0])];
    countersign_tests::valgrind::defined(&mut same);
    assert_eq!(same, [1]);
    let (key, _) = vault.authenticate(Purpose::AUDIT, &[&secret(1), &secret(2)]);
    assert_eq!(key, id);
    assert!(vault.subkey(&id, Purpose::DEVICE).is_some());
}

/// Made from secret bytes, shown, typed in, digested, burnt; and a wrong one.
fn backup_codes() {
    let kdf = Kdf::danger_parse("$pbkdf2-sha256$i=2").expect("a slow hash that is quick");
    let pepper = secret(5).try_into().expect("32 bytes");
    let settings = Settings::new().characters(20).expect("enough").kdf(kdf).pepper("key", &pepper).expect("an id");
    let mut memory = Workspace::new();
    let (codes, mut set) = BackupCodes::generate(&settings, &mut memory, &mut Secret(11)).expect("generated");
    let digester = set.digester().with_pepper(&pepper);
    for (at, code) in codes.iter().enumerate() {
        let shown = known(code.expose_str());
        for typed in [shown.clone(), shown.to_lowercase().replace('-', " ").replace('1', "l").replace('0', "o")] {
            assert!(digester.looks_like_code(&secret_text(&typed)));
            let digest = digester.digest(&secret_text(&typed), &mut memory).expect("a code");
            let again = typed != shown;
            assert_eq!(set.burn(&digest), !again, "{at}");
        }
    }
    assert!(!digester.looks_like_code(&secret_text("7ZQK-2M9D-00FW-3XTA-7ZQU")));
    assert_eq!(set.remaining(), 0);
}

fn passwords() {
    let kdf = Kdf::danger_parse("$pbkdf2-sha256$i=2").expect("a slow hash that is quick");
    let mut memory = Workspace::new();
    let stored = known(&kdf.hash_password(&mut memory, &secret(1), &mut Public(2)).expect("hashed"));
    assert_eq!(kdf.verify_password(&stored, &mut memory, &secret(1)).expect("checked"), Right { rehash: false });
    assert_eq!(kdf.verify_password(&stored, &mut memory, &secret(2)).expect("checked"), Wrong);
}

/// How a comparison must not be.
#[inline(never)]
fn early_exit(left: &[u8], right: &[u8]) -> bool {
    left.iter().zip(right).all(|(left, right)| left == right)
}

fn ring() -> KeyRing {
    let key = |seed| MasterKey::from_bytes(secret(seed).try_into().expect("32 bytes")).expect("no weak key");
    KeyRing::new(key(21)).with_older(key(22)).expect("two keys")
}

/// 32 bytes that are the same for the same seed and that memcheck takes for undefined.
fn secret(seed: u8) -> Vec<u8> {
    let mut bytes = vec![0; 32];
    fill(seed, &mut bytes);
    undefined(&mut bytes);
    bytes
}

fn fill(seed: u8, bytes: &mut [u8]) {
    let mut state = u32::from(seed).wrapping_add(0x9e37_79b9);
    for byte in bytes {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        *byte = state.to_le_bytes()[1];
    }
}

const SET_ID_LEN: usize = 16;

/// Gives nonces and salts, which are public, and other bytes each time.
struct Public(u8);

/// Gives bytes that memcheck takes for undefined, save the id of a set, which is public.
struct Secret(u8);

macro_rules! generator {
    ($name:ident, $after:expr) => {
        impl TryRng for $name {
            type Error = Infallible;

            fn try_next_u32(&mut self) -> Result<u32, Infallible> {
                let mut bytes = [0; 4];
                self.try_fill_bytes(&mut bytes)?;
                Ok(u32::from_le_bytes(bytes))
            }

            fn try_next_u64(&mut self) -> Result<u64, Infallible> {
                let mut bytes = [0; 8];
                self.try_fill_bytes(&mut bytes)?;
                Ok(u64::from_le_bytes(bytes))
            }

            fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
                fill(self.0, bytes);
                self.0 = self.0.wrapping_add(1);
                $after(bytes);
                Ok(())
            }
        }

        impl TryCryptoRng for $name {}
    };
}

generator!(Public, |_: &mut [u8]| ());
generator!(Secret, |bytes: &mut [u8]| if bytes.len() != SET_ID_LEN {
    undefined(bytes)
});
