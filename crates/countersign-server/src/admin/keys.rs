use std::{io, path::Path};

use countersign::{
    Generator, SystemRandom,
    vault::{FileSource, KeyId, KeyRing, KeySource as _, MasterKey},
};

use crate::{
    data_dir,
    run_error::RunError,
    settings::{BadSetting, Keys, RingCommand, Settings},
};

const NAME: &str = "COUNTERSIGN_KEYS";

/// Does what is to be done with the key ring file. What runs already goes on with the ring that it has read.
///
/// # Errors
/// When the ring is no file, or cannot be read, changed or written.
pub(crate) fn keys(command: RingCommand, settings: &Settings, out: &mut impl io::Write) -> Result<(), RunError> {
    let path = key_file(settings)?;
    let ring = read_ring(path)?;
    let said = match command {
        RingCommand::List => {
            for (at, id) in ring.ids().enumerate() {
                let role = if at == 0 { "active, seals and opens" } else { "only opens" };
                writeln!(out, "{id}  {role}").map_err(RunError::Output)?;
            }
            format!("Fingerprint of the ring: {}", ring.fingerprint())
        }
        RingCommand::New => {
            let key = MasterKey::generate(&mut Generator(&SystemRandom)).map_err(RunError::Key)?;
            let ring = ring.with_older(key).map_err(refused)?;
            store(path, &ring)?;
            let new = ring.ids().last().unwrap_or(ring.active_id());
            format!(
                "{new} was added. Back the file up, give it to every instance and start them again; then activate the key."
            )
        }
        RingCommand::Activate { id } => {
            let id: KeyId = id.parse().map_err(refused)?;
            store(path, &ring.with_active(&id).map_err(refused)?)?;
            format!("{id} is the active key. Give the file to every instance and start them again.")
        }
    };
    writeln!(out, "{said}").map_err(RunError::Output)
}

/// The file of the key ring.
///
/// # Errors
/// [`RunError::Setting`] if the ring is a single key in a setting.
pub(super) fn key_file(settings: &Settings) -> Result<&Path, RunError> {
    match &settings.keys {
        Keys::File(path) => Ok(path),
        Keys::Single(_) => Err(BadSetting::new(
            "TOTP_ENCRYPTION_KEY",
            "is a single key; keep it in a file, named by COUNTERSIGN_KEYS, to have more",
        )
        .into()),
    }
}

/// The ring in the file.
///
/// # Errors
/// [`RunError::Setting`] if there is none.
pub(super) fn read_ring(path: &Path) -> Result<KeyRing, RunError> {
    FileSource::new(path).key_ring().map_err(refused)
}

/// Puts the ring in the place of the one in the file.
///
/// # Errors
/// [`RunError::File`].
pub(super) fn store(path: &Path, ring: &KeyRing) -> Result<(), RunError> {
    data_dir::replace(path, ring.to_text().expose_str().as_bytes()).map_err(|source| RunError::file(NAME, path, source))
}

/// What cannot be done with the ring.
pub(super) fn refused(error: countersign::vault::VaultError) -> RunError {
    let cause = std::error::Error::source(&error).map_or_else(String::new, |cause| format!(" ({cause})"));
    BadSetting::new(NAME, format!("cannot be used so: {error}{cause}")).into()
}
