//! Forms in which secrets travel: key URIs, exports, QR codes, settings.

mod migration;
mod qr;
mod settings;
mod uri;
mod uri_round_trip;

use countersign_otp::{KeyUri, Secret, Totp};

fn totp() -> Totp {
    Totp::new(Secret::from(*b"12345678901234567890"))
}

fn uri() -> KeyUri {
    KeyUri::totp(&totp(), "Example", "alice@example.com").unwrap()
}
