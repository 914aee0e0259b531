use rand_core::TryCryptoRng;

use crate::{Context, KeyRing, Plaintext, Purpose, Sealed, Unwrap, Vault, VaultError};

impl Vault {
    /// Seals a whole ring with this vault's key, for a file that [`WrappedFileSource`](crate::WrappedFileSource) reads.
    /// This vault is then the wrapping one: its key lives apart from the file.
    ///
    /// # Errors
    /// As for [`seal`](Self::seal).
    pub fn wrap_key_ring<R: TryCryptoRng + ?Sized>(&self, ring: &KeyRing, rng: &mut R) -> Result<Sealed, VaultError> {
        self.seal(&PLACE, ring.to_text().expose_str().as_bytes(), rng)
    }
}

impl Unwrap for Vault {
    fn unwrap(&self, wrapped: &[u8]) -> Result<Plaintext, Box<dyn std::error::Error + Send + Sync>> {
        let sealed: Sealed = std::str::from_utf8(wrapped)?.trim_end().parse()?;
        Ok(self.open(&PLACE, &sealed)?)
    }
}

const PLACE: Context<'static> = Context::new(Purpose::KEY_RING, "");
