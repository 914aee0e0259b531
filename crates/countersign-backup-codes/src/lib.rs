#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod alphabet;
mod backup_code;
mod code_set;
mod code_set_form;
mod digest;
mod digester;
mod error;
mod generate;
mod imported;
mod imported_hash;
mod own;
mod pepper;
mod public;
mod set_id;
mod settings;
pub mod slow_hash;

pub use backup_code::BackupCode;
pub use code_set::CodeSet;
pub use digest::Digest;
pub use digester::Digester;
pub use error::BackupCodesError;
pub use generate::BackupCodes;
pub use imported::Spelling;
pub use set_id::SetId;
pub use settings::Settings;
pub use slow_hash::{Derived, Kdf, Workspace};
