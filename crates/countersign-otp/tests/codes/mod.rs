//! Codes: what input is one, which steps a window holds, and what time can do.

mod edges;
mod hotp;
mod input;
mod secret;
mod window;

use countersign_otp::{Secret, Totp, UnixTime};

/// The secret of the RFCs.
fn totp() -> Totp {
    Totp::new(Secret::from(*b"12345678901234567890"))
}

const fn at(secs: u64) -> UnixTime {
    UnixTime::from_secs(secs)
}
