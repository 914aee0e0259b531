//! Any text as a code: nothing panics, and what counts is what is left without ASCII spaces.
#![no_main]

use countersign_otp::{Secret, Totp, UnixTime, Verdict, Window};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let totp = Totp::new(Secret::from(*b"12345678901234567890"));
    let verdict = totp.verify(input, UnixTime::from_secs(59), Window::default(), None);
    let bare: String = input.chars().filter(|letter| *letter != ' ').collect();
    let is_code = bare.len() == 6 && bare.bytes().all(|byte| byte.is_ascii_digit()) && input.len() <= 32;
    assert_eq!(verdict == Verdict::Malformed, !is_code);
    // The codes of steps 0, 1 and 2 (RFC 4226, appendix D).
    let is_right = is_code && ["755224", "287082", "359152"].contains(&bare.as_str());
    assert_eq!(verdict.accepted().is_some(), is_right);
});
