//! The settings: the one place that reads the environment.
//!
//! They are given as text, by flags or by the environment ([`Given`]), and looked at once ([`Settings`]): what the rest of
//! the server sees has been checked.

mod age;
mod bad_setting;
mod checked;
mod command_line;
mod given;
mod origin;
mod public_url;
mod shown;
#[cfg(test)]
mod tests;
mod values;

pub(crate) use age::Age;
pub(crate) use bad_setting::BadSetting;
pub(crate) use checked::{GENERAL, Settings};
pub(crate) use command_line::{
    AuditCommand, Command, CommandLine, KeysCommand, RingCommand, SealedCommand, UserCommand,
};
pub(crate) use given::Given;
pub(crate) use origin::Origin;
pub(crate) use public_url::PublicUrl;
pub(crate) use values::{DatabaseUrl, Keys, SecretSetting, TlsFiles};
