use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

use crate::{
    BackupCode, BackupCodesError, CodeSet, SetId, Settings, Workspace, alphabet, code_set::Slots, digester::digest_of,
    own::Own,
};

/// Makes new sets of codes.
#[derive(Clone, Copy, Debug)]
pub struct BackupCodes;

impl BackupCodes {
    /// New codes, to be shown once, and the set to be stored. Slow: one slow hash for each code.
    ///
    /// # Errors
    /// [`BackupCodesError::Randomness`], [`BackupCodesError::OutOfMemory`].
    pub fn generate<R: TryCryptoRng + ?Sized>(
        settings: &Settings,
        memory: &mut Workspace,
        rng: &mut R,
    ) -> Result<(Vec<BackupCode>, CodeSet), BackupCodesError> {
        let id = SetId::generate(rng)?;
        let pepper = settings.pepper.as_ref();
        let mut codes = Vec::with_capacity(settings.count);
        let mut slots = Vec::with_capacity(settings.count);
        for _ in 0..settings.count {
            // One random byte a symbol, of which five bits are used: every symbol is as likely as every other.
            let mut values = Zeroizing::new([0; Settings::MAX_CHARACTERS]);
            let values = &mut values[..settings.characters];
            rng.try_fill_bytes(values).map_err(BackupCodesError::randomness)?;
            values.iter_mut().for_each(|value| *value &= 31);
            codes.push(BackupCode::new(values));
            values.iter_mut().for_each(|value| *value = alphabet::symbol(*value));
            let digest = digest_of(&id, &settings.kdf, pepper.map(|(_, key)| key), values, memory)?;
            slots.push(Some(*digest.expose_bytes()));
        }
        let pepper_id = pepper.map(|(id, _)| id.clone());
        let own = Own { characters: settings.characters, kdf: settings.kdf, pepper_id, slots };
        Ok((codes, CodeSet { id, slots: Slots::Own(own) }))
    }
}
