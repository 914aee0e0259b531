//! Work on codes must not allocate: the count of a counting allocator says so.

#![expect(unsafe_code, reason = "an allocator is unsafe to write")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    hint::black_box,
};

use countersign_otp::{Algorithm, Hotp, LookAhead, ResyncReach, Secret, Steam, Totp, UnixTime, Window};

/// The system's allocator, which counts per thread: the test runner allocates on others.
struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: as promised by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: as promised by the caller.
        unsafe { System.realloc(old, layout, size) }
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        // SAFETY: as promised by the caller.
        unsafe { System.dealloc(old, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(work: impl FnOnce()) -> usize {
    let before = COUNT.get();
    work();
    COUNT.get() - before
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(black_box(Box::new(1)))), 1);
    let text = Secret::from([1; 20]);
    assert!(allocations(|| drop(black_box(text.to_base32()))) >= 1);
}

#[test]
fn codes_are_made_and_checked_without_allocating() {
    let now = UnixTime::from_secs(1_234_567_890);
    for algorithm in [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512] {
        let work = || {
            let totp = Totp::new(Secret::from([1; 20])).algorithm(algorithm);
            let code = totp.code_at(now);
            for input in [code.as_str(), "000 000", "x"] {
                let _ = black_box(totp.verify(input, now, Window::default(), None));
                black_box(totp.diagnose(input, now, 20));
            }
            let hotp = Hotp::new(Secret::from([1; 20])).algorithm(algorithm);
            let (first, second) = (hotp.code(7), hotp.code(8));
            let _ = black_box(hotp.verify(first.as_str(), 5, LookAhead::default()));
            let _ = black_box(hotp.resync(first.as_str(), second.as_str(), None, 0, ResyncReach::default()));
        };
        assert_eq!(allocations(work), 0, "{algorithm}");
    }
    let steam = Steam::new(Secret::from([1; 20]));
    assert_eq!(allocations(|| drop(black_box(steam.code_at(now)))), 0);
}

#[test]
fn base32_is_decoded_without_allocating() {
    for text in ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "gezd gnbv-gy3t qojq GEZDGNBVGY3TQOJQ======", "not Base32"] {
        assert_eq!(allocations(|| drop(black_box(Secret::from_base32(text)))), 0, "{text}");
    }
}
