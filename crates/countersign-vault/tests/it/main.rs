//! The vault from outside.

#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

mod key_ring;
#[cfg(all(feature = "legacy-hex-json", feature = "legacy-base64", feature = "danger-legacy-cbc"))]
mod legacy;
mod properties;
mod rotation;
mod sources;
mod support;
mod tampering;
mod vectors;
