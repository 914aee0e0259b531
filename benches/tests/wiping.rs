//! What a value that held a secret leaves behind when it is dropped: nothing of it.

#![allow(unsafe_code, reason = "memory is looked at after the value in it was dropped")]

use std::mem::{ManuallyDrop, MaybeUninit};

use countersign_otp::{Algorithm, Hotp, Secret, Steam, Totp, UnixTime};

/// The bytes where `value` lay, before and after it was dropped there.
fn dropped<T>(value: T) -> (Vec<u8>, Vec<u8>) {
    let mut place = Box::new(ManuallyDrop::new(value));
    let look = |place: &ManuallyDrop<T>| -> Vec<u8> {
        let start = std::ptr::from_ref(place).cast::<MaybeUninit<u8>>();
        // SAFETY: inside the allocation of the box. Padding may be undefined; that these types have it, and what it holds, does
        // not matter for what is looked for, and the read is volatile so that the compiler draws no conclusions from it.
        (0..size_of::<T>()).map(|at| unsafe { start.add(at).read_volatile().assume_init() }).collect()
    };
    let before = look(&place);
    // SAFETY: dropped once, and not used as a value afterwards.
    unsafe { ManuallyDrop::drop(&mut place) };
    let after = look(&place);
    (before, after)
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

const SECRET: [u8; 20] = *b"wiped-when-it-is-old";

#[test]
fn secrets_are_gone() {
    let wiped = [
        dropped(Secret::from(SECRET)),
        dropped(Totp::new(Secret::from(SECRET))),
        dropped(Totp::new(Secret::from(SECRET)).algorithm(Algorithm::Sha512)),
        dropped(Hotp::new(Secret::from(SECRET))),
        dropped(Steam::new(Secret::from(SECRET))),
    ];
    for (number, (before, after)) in wiped.into_iter().enumerate() {
        assert!(contains(&before, &SECRET), "{number}");
        // The few bytes of padding between fields are anybody's, and keep what they had.
        assert!(!SECRET.windows(8).any(|part| contains(&after, part)), "{number}: {after:?}");
    }
}

#[test]
fn codes_are_gone() {
    let code = Totp::new(Secret::from(*b"12345678901234567890")).code_at(UnixTime::from_secs(59));
    let (before, after) = dropped(code);
    assert!(contains(&before, b"287082"));
    assert!(!contains(&after, b"28") && !contains(&after, b"82"));
}

/// The keyed state is as good as the secret: of what was there, no more may be left than parameters and padding.
#[test]
fn keyed_states_are_gone() {
    for algorithm in [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512] {
        let (before, after) = dropped(Hotp::new(Secret::from(SECRET)).algorithm(algorithm));
        let kept = before.iter().zip(&after).filter(|(before, after)| **before != 0 && before == after).count();
        assert!(kept < 24, "{algorithm}: {kept} bytes of {before:?} in {after:?}");
    }
}
