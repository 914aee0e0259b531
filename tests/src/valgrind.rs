//! Talks to valgrind's memcheck: which bytes it is to take for undefined, that is, for secret.

#![allow(unsafe_code, reason = "valgrind's client requests are a magic sequence of instructions")]

/// Whether memcheck is watching.
#[must_use]
pub fn is_watching() -> bool {
    request(RUNNING_ON_VALGRIND, 0, 0) != 0
}

/// Makes memcheck take the bytes for undefined. Whoever owns them must hand them over as changeable, or the compiler may
/// use what it knows of them.
pub fn undefined(bytes: &mut [u8]) {
    request(MAKE_MEM_UNDEFINED, bytes.as_mut_ptr() as usize, bytes.len());
}

/// Makes memcheck take the bytes for known.
pub fn defined(bytes: &mut [u8]) {
    request(MAKE_MEM_DEFINED, bytes.as_mut_ptr() as usize, bytes.len());
}

/// A copy of `bytes` that memcheck takes for known.
#[must_use]
pub fn known_bytes(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    defined(&mut bytes);
    bytes
}

/// A copy of `text` that memcheck takes for known.
///
/// # Panics
/// Never: it was a string.
#[must_use]
pub fn known(text: &str) -> String {
    String::from_utf8(known_bytes(text.as_bytes())).expect("it was a string")
}

/// A copy of `text` that memcheck takes for undefined.
#[must_use]
pub fn secret_text(text: &str) -> String {
    let mut text = text.to_owned();
    // SAFETY: the bytes are not changed, only what memcheck thinks of them.
    undefined(unsafe { text.as_bytes_mut() });
    text
}

const RUNNING_ON_VALGRIND: usize = 0x1001;
const MAKE_MEM_UNDEFINED: usize = 0x4d43_0001;
const MAKE_MEM_DEFINED: usize = 0x4d43_0002;

/// A client request as in `valgrind.h`; outside of valgrind it does nothing and gives zero.
#[cfg(target_arch = "x86_64")]
fn request(what: usize, address: usize, len: usize) -> usize {
    let arguments = [what, address, len, 0, 0, 0];
    let mut answer = 0_usize;
    // SAFETY: four rotations that add up to a full turn and an exchange of a register with itself change nothing; valgrind
    // knows the sequence and reads the arguments.
    unsafe {
        std::arch::asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") arguments.as_ptr(),
            inout("rdx") answer,
            options(nostack),
        );
    }
    std::hint::black_box(&arguments);
    std::mem::take(&mut answer)
}

#[cfg(not(target_arch = "x86_64"))]
fn request(_: usize, _: usize, _: usize) -> usize {
    0
}
