//! After use, no copy of a key or of what was sealed is left in this process.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

use std::{
    fs::File,
    hint::black_box,
    os::unix::fs::FileExt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use countersign_vault::{Context, KeyRing, MasterKey, Purpose, Vault};
use getrandom::SysRng;
use rand_core::TryRng;

/// What to look for, kept in a form that the search does not find.
struct Needle(Vec<u8>);

impl Needle {
    /// The last sixteen bytes: an allocator keeps its notes in the first ones of what it was given back, so that the
    /// whole would not be found any more.
    fn of(bytes: &[u8]) -> Self {
        Self(bytes[bytes.len() - 16..].iter().map(|byte| !byte).collect())
    }

    fn is_in(&self, memory: &[u8]) -> bool {
        let first = !self.0[0];
        let mut from = 0;
        while let Some(at) = memory[from..].iter().position(|byte| *byte == first) {
            let at = from + at;
            if memory.len() - at >= self.0.len()
                && self.0.iter().zip(&memory[at..]).all(|(hidden, byte)| !hidden == *byte)
            {
                return true;
            }
            from = at + 1;
        }
        false
    }
}

/// Whether any part of the process's writable memory holds the bytes.
fn found(needle: &Needle) -> bool {
    let memory = File::open("/proc/self/mem").unwrap();
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let mut buffer = vec![0; 1 << 16];
    let mut scanned = 0;
    for line in maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|mode| mode.starts_with("rw"))) {
        let (start, end) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let [start, end] = [start, end].map(|text| u64::from_str_radix(text, 16).unwrap());
        let mut at = start;
        while at < end {
            let want = usize::try_from(end - at).unwrap().min(buffer.len());
            let Ok(len @ 1..) = memory.read_at(&mut buffer[..want], at) else { break };
            scanned += len;
            // The buffer is part of the memory: what it held of the region before must not be found in it.
            let hit = needle.is_in(&buffer[..len]);
            buffer.fill(0);
            if hit {
                return true;
            }
            // Parts overlap by the length of what is looked for.
            at += if len == want && at + (len as u64) < end { (len - needle.0.len()) as u64 } else { len as u64 };
        }
    }
    assert!(scanned > 100_000, "only {scanned} bytes were read");
    false
}

/// One scan at a time: another test's buffer would be found.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn random(bytes: &mut [u8]) {
    SysRng.try_fill_bytes(bytes).unwrap();
}

#[test]
fn a_plain_vector_is_found() {
    let _alone = alone();
    let mut bytes = vec![0; 32];
    random(&mut bytes);
    let needle = Needle::of(&bytes);
    assert!(found(&needle));
    drop(black_box(bytes));
}

#[test]
fn a_plain_vector_is_found_after_it_was_dropped() {
    let _alone = alone();
    let mut bytes = vec![0; 100];
    random(&mut bytes);
    let needle = Needle::of(&bytes);
    drop(black_box(bytes));
    assert!(found(&needle));
}

#[test]
fn no_key_and_no_plaintext_is_left_after_use() {
    let _alone = alone();
    let (key, text, plaintext, subkey) = use_the_vault();
    for (needle, name) in
        [(key, "key"), (text, "key in hexadecimal digits"), (plaintext, "plaintext"), (subkey, "subkey")]
    {
        assert!(!found(&needle), "a copy of the {name} is left");
    }
}

#[inline(never)]
fn use_the_vault() -> (Needle, Needle, Needle, Needle) {
    let key = MasterKey::generate(&mut SysRng).unwrap();
    let key_needle = Needle::of(key.expose_bytes());
    let vault = Vault::new(KeyRing::new(key));
    let id = vault.key_ring().active_id();
    let text = vault.key_ring().to_text();
    let text_needle = Needle::of(text.expose_str().rsplit(' ').next().unwrap().trim_end().as_bytes());
    let again = Vault::new(KeyRing::parse(text.expose_str()).unwrap());
    drop(text);

    let mut secret = zeroize::Zeroizing::new([0; 104]);
    random(&mut *secret);
    let plaintext_needle = Needle::of(&*secret);
    let place = Context::new(Purpose::SECRET, "user-42");
    let sealed = vault.seal(&place, &*secret, &mut SysRng).unwrap();
    // First what fails, since it would write over what the rest leaves behind.
    assert!(again.open(&Context::new(Purpose::SECRET, "user-43"), &sealed).is_err());
    let opened = again.open(&place, &sealed).unwrap();
    assert_eq!(opened.expose_bytes(), &*secret);
    let _ = black_box(vault.lookup_hash(Purpose::LOOKUP, &*secret));
    let _ = black_box(vault.authenticate(Purpose::AUDIT, &[&*secret]));
    let subkey = vault.subkey(&id, Purpose::DEVICE).unwrap();
    let subkey_needle = Needle::of(subkey.expose_bytes());
    // While all of it is in use, all of it is found: the search sees the places where it lies.
    assert!(found(&key_needle) && found(&plaintext_needle) && found(&subkey_needle));
    (key_needle, text_needle, plaintext_needle, subkey_needle)
}
