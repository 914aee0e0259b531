//! The one door from secret to public: what is decided from a secret, and may be known, passes here before anything branches on it.
//!
//! The machine check of constant time follows values that it was told are secret. It excuses this one function, and takes what
//! comes out of the table, which is the value itself, as known.

use core::hint::black_box;

/// Makes one byte public.
#[inline(never)]
pub(crate) fn publish(value: u8) -> u8 {
    // The compiler must not see through the table, or it would leave the look-up out.
    black_box(&IDENTITY)[usize::from(value)]
}

/// Makes a number public.
pub(crate) fn publish_u64(value: u64) -> u64 {
    u64::from_be_bytes(value.to_be_bytes().map(publish))
}

static IDENTITY: [u8; 256] = {
    let mut table = [0; 256];
    let mut value = 0_u8;
    while value < u8::MAX {
        value += 1;
        table[value as usize] = value;
    }
    table
};
