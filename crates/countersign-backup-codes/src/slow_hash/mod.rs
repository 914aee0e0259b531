//! The slow hashes, for whatever a person must be able to type or remember: Argon2id (RFC 9106) and
//! PBKDF2-HMAC-SHA256 (RFC 8018), with parameters that are checked, stored beside the hash and bounded when read back.
//!
//! Backup codes are hashed here, and passwords can be:
//!
//! ```
//! use countersign_backup_codes::slow_hash::{Kdf, PasswordCheck, Workspace};
//! use getrandom::SysRng;
//!
//! let (kdf, mut memory) = (Kdf::default(), Workspace::new());
//! let stored = kdf.hash_password(&mut memory, b"correct horse", &mut SysRng)?;
//! assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
//! assert_eq!(kdf.verify_password(&stored, &mut memory, b"correct horse")?, PasswordCheck::Right { rehash: false });
//! assert_eq!(kdf.verify_password(&stored, &mut memory, b"wrong horse")?, PasswordCheck::Wrong);
//! # Ok::<(), countersign_backup_codes::BackupCodesError>(())
//! ```

mod derived;
mod kdf;
mod params_text;
mod password;
mod workspace;

pub use derived::Derived;
pub use kdf::Kdf;
pub(crate) use kdf::pbkdf2_hmac_sha256;
pub use password::PasswordCheck;
pub use workspace::Workspace;
