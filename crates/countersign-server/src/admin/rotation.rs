use std::{collections::BTreeSet, io};

use countersign::vault::{KeyId, KeyRing};

use super::{
    Admin,
    keys::{key_file, read_ring, refused, store},
};
use crate::{
    keys::forget,
    rotation::{Rehearsed, Rotation},
    run_error::RunError,
    settings::SealedCommand,
};

impl<W: io::Write + Send + Sync> Admin<'_, W> {
    /// Does what is to be done with the keys and what is sealed under them.
    ///
    /// # Errors
    /// When it cannot be done, or there is no answer.
    pub(crate) async fn sealed(mut self, command: SealedCommand) -> Result<(), RunError> {
        match command {
            SealedCommand::Rehearse => self.rehearse().await,
            SealedCommand::Rotate => self.rotate().await,
            SealedCommand::Remove { id } => self.remove(&id).await,
        }
    }

    async fn rehearse(&mut self) -> Result<(), RunError> {
        let found = self.found().await?;
        let sealed = &found.sealed;
        self.say(&format!(
            "{} values would be sealed anew, {} are as they should be, {} do not open.",
            sealed.would_reseal(),
            sealed.current(),
            sealed.does_not_open()
        ))?;
        let ring: Vec<KeyId> = self.house.vault.key_ring().ids().collect();
        let missing: BTreeSet<KeyId> = found.keys().filter(|key| !ring.contains(key)).collect();
        for (at, key) in ring.iter().chain(&missing).enumerate() {
            let role = match at {
                0 => "active",
                at if at < ring.len() => "only opens",
                _ => "NOT IN THE RING",
            };
            let needed = found.needed_by(key).map_or_else(|| "not needed".to_owned(), |by| format!("needed by {by}"));
            self.say(&format!("{key}  {role}; {needed}"))?;
        }
        Ok(())
    }

    async fn rotate(&mut self) -> Result<(), RunError> {
        let rotation = self.rotation();
        let mut progress = rotation.resume().await?;
        while !progress.is_done() {
            progress = rotation.step(progress).await?;
            self.say(&progress.sentence())?;
        }
        self.say("Done: what can be sealed anew is sealed under the active key.")
    }

    async fn remove(&mut self, id: &str) -> Result<(), RunError> {
        let path = key_file(&self.house.settings)?.to_owned();
        let id: KeyId = id.parse().map_err(refused)?;
        let ring: KeyRing = read_ring(&path)?.without(&id).map_err(refused)?;
        if let Some(by) = self.found().await?.needed_by(&id) {
            return Err(RunError::KeyNeeded { id, by });
        }
        // First that it is no longer asked for: killed in between, the ring has a key too many and not one too few.
        forget(&self.house.database, &id.to_string()).await?;
        store(&path, &ring)?;
        self.say(&format!("{id} was removed. Give the file to every instance and start them again."))
    }

    async fn found(&self) -> Result<Rehearsed, RunError> {
        self.rotation().rehearse(self.house.clock.now().ok_or(RunError::Clock)?).await
    }

    fn rotation(&self) -> Rotation {
        let house = &self.house;
        Rotation::new(house.database.clone(), house.vault.clone(), self.engine.clone(), house.randomness.clone())
    }
}
