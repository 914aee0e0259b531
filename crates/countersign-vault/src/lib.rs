#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod cipher;
mod context;
mod error;
mod fingerprint;
mod format;
mod key_id;
mod key_ring;
mod key_ring_text;
#[cfg(any(feature = "legacy-hex-json", feature = "legacy-base64", feature = "danger-legacy-cbc"))]
pub mod legacy;
mod lookup_hash;
mod mac;
mod master_key;
mod plaintext;
mod public;
mod purpose;
mod ring_key;
mod rotation;
mod sealed;
mod source;
mod sub_key;
mod sweep;
mod vault;
mod weak_keys;
mod wrap;

pub use context::Context;
pub use error::{DidNotOpen, VaultError};
pub use fingerprint::RingFingerprint;
pub use format::{AesGcmBudget, Format};
pub use key_id::KeyId;
pub use key_ring::KeyRing;
pub use key_ring_text::KeyRingText;
pub use lookup_hash::LookupHash;
pub use master_key::MasterKey;
pub use plaintext::Plaintext;
pub use purpose::Purpose;
pub use rotation::{Rehearsal, RotationReport};
pub use sealed::Sealed;
pub use source::{FileSource, KeySource, TextSource, Unwrap, WrappedFileSource};
pub use sub_key::SubKey;
pub use sweep::SweepProgress;
pub use vault::Vault;
