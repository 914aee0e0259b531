#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod base32;
mod code;
pub mod compat;
mod diagnosis;
mod error;
mod format;
mod hotp;
mod key;
#[cfg(feature = "migration")]
pub mod migration;
mod params;
mod public;
#[cfg(feature = "qr")]
pub mod qr;
mod reach;
mod search;
mod secret;
mod steam;
#[cfg(feature = "alloc")]
mod text;
mod time;
mod totp;
mod truncate;
#[cfg(feature = "alloc")]
mod uri;
mod verdict;
mod window;
mod wipe;

pub use code::Code;
pub use diagnosis::Diagnosis;
pub use error::OtpError;
pub use hotp::{Hotp, HotpVerdict};
pub use params::{Algorithm, Digits, Period};
pub use reach::{LookAhead, ResyncReach};
pub use secret::Secret;
pub use steam::Steam;
#[cfg(feature = "qr")]
pub use text::SecretBytes;
#[cfg(feature = "alloc")]
pub use text::SecretText;
pub use time::{Step, UnixTime};
pub use totp::Totp;
#[cfg(feature = "alloc")]
pub use uri::{KeyUri, UriKind};
pub use verdict::{Match, Verdict};
pub use window::{Drift, Window};
