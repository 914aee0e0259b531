use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

use crate::{
    AesGcmBudget, Context, DidNotOpen, Format, KeyId, KeyRing, LookupHash, Plaintext, Purpose, Sealed, SubKey,
    VaultError, cipher, mac,
    ring_key::{RingKey, Use, derive},
};

/// Seals what is stored, finds it again by keyed hashes, and authenticates what must not be changed.
///
/// Every use of every purpose has a key of its own, derived from the master keys by HKDF-SHA256 (RFC 5869).
#[derive(Debug)]
pub struct Vault {
    ring: KeyRing,
    aes_gcm: Option<AesGcmBudget>,
}

impl Vault {
    /// Longest value that can be sealed, in bytes: 64 KiB.
    pub const MAX_PLAINTEXT_LEN: usize = 64 * 1024;

    /// A vault with these keys, which seals with XAES-256-GCM.
    #[must_use]
    pub const fn new(ring: KeyRing) -> Self {
        Self { ring, aes_gcm: None }
    }

    /// A vault with these keys, which seals with plain AES-256-GCM and stops when the budget is spent. For those who
    /// must: [`new`](Self::new) has no budget to watch. Both open what either has sealed.
    #[must_use]
    pub const fn with_aes_gcm(ring: KeyRing, budget: AesGcmBudget) -> Self {
        Self { ring, aes_gcm: Some(budget) }
    }

    /// The keys.
    #[must_use]
    pub const fn key_ring(&self) -> &KeyRing {
        &self.ring
    }

    /// The format that [`seal`](Self::seal) writes.
    #[must_use]
    pub const fn format(&self) -> Format {
        match self.aes_gcm {
            None => Format::Xaes256Gcm,
            Some(_) => Format::Aes256Gcm,
        }
    }

    /// What is left of the budget for plain AES-256-GCM, if that is what the vault writes.
    #[must_use]
    pub const fn aes_gcm_budget(&self) -> Option<&AesGcmBudget> {
        self.aes_gcm.as_ref()
    }

    /// Seals `plaintext` under the active key, for `context` alone.
    ///
    /// # Errors
    /// [`VaultError::TooLong`] above [`MAX_PLAINTEXT_LEN`](Self::MAX_PLAINTEXT_LEN), [`VaultError::Randomness`] if the
    /// generator fails, [`VaultError::BudgetSpent`] if plain AES-256-GCM may seal no more.
    pub fn seal<R: TryCryptoRng + ?Sized>(
        &self,
        context: &Context<'_>,
        plaintext: &[u8],
        rng: &mut R,
    ) -> Result<Sealed, VaultError> {
        if plaintext.len() > Self::MAX_PLAINTEXT_LEN {
            return Err(VaultError::TooLong);
        }
        if let Some(budget) = &self.aes_gcm {
            budget.take()?;
        }
        let (format, key) = (self.format(), self.ring.active());
        let nonce_len = format.nonce_len();
        // Room for all of it at once: a vector that grows would leave plaintext behind.
        let mut data = Vec::with_capacity(nonce_len + plaintext.len() + Format::TAG_LEN);
        data.resize(nonce_len, 0);
        rng.try_fill_bytes(&mut data).map_err(VaultError::randomness)?;
        data.extend_from_slice(plaintext);
        let (nonce, buffer) = data.split_at_mut(nonce_len);
        let associated_data = context.associated_data(format, &key.id());
        let encrypt = |key: &[u8; 32]| cipher::encrypt(format, key, nonce, &associated_data, buffer);
        let tag = key.with_key(sealing(format), context.purpose(), encrypt).ok_or(VaultError::TooLong)?;
        data.extend_from_slice(&tag);
        Ok(Sealed::new(format, key.id(), data))
    }

    /// Opens a sealed value in the place it was sealed for. There is no opening without saying which:
    ///
    /// ```compile_fail,E0061
    /// # use countersign_vault::{Sealed, Vault};
    /// fn anywhere(vault: &Vault, sealed: &Sealed) {
    ///     let _ = vault.open(sealed);
    /// }
    /// ```
    ///
    /// # Errors
    /// [`DidNotOpen`], whatever the reason.
    pub fn open(&self, context: &Context<'_>, sealed: &Sealed) -> Result<Plaintext, DidNotOpen> {
        let format = sealed.format();
        let key = self.ring.find(&sealed.key_id()).ok_or(DidNotOpen)?;
        let (nonce, ciphertext) = sealed.parts();
        let (ciphertext, tag) = ciphertext.split_last_chunk::<{ Format::TAG_LEN }>().ok_or(DidNotOpen)?;
        let mut buffer = Zeroizing::new(ciphertext.to_vec());
        let associated_data = context.associated_data(format, &key.id());
        let decrypt = |key: &[u8; 32]| cipher::decrypt(format, key, nonce, &associated_data, &mut buffer, tag);
        key.with_key(sealing(format), context.purpose(), decrypt)?;
        Ok(Plaintext::new(buffer))
    }

    /// Whether the value is under another key or in another format than [`seal`](Self::seal) would give it.
    #[must_use]
    pub fn needs_reseal(&self, sealed: &Sealed) -> bool {
        sealed.key_id() != self.ring.active_id() || sealed.format() != self.format()
    }

    /// The value sealed anew under the active key and in the active format; `None` if it is already.
    ///
    /// # Errors
    /// [`VaultError::DidNotOpen`] if it does not open, else as for [`seal`](Self::seal).
    pub fn reseal<R: TryCryptoRng + ?Sized>(
        &self,
        context: &Context<'_>,
        sealed: &Sealed,
        rng: &mut R,
    ) -> Result<Option<Sealed>, VaultError> {
        if !self.needs_reseal(sealed) {
            return Ok(None);
        }
        let plaintext = self.open(context, sealed)?;
        self.seal(context, plaintext.expose_bytes(), rng).map(Some)
    }

    /// The hash under which `value` is stored and looked for, made with the active key.
    #[must_use]
    pub fn lookup_hash(&self, purpose: Purpose, value: &[u8]) -> LookupHash {
        lookup_hash_with(self.ring.active(), purpose, value)
    }

    /// The hashes under which `value` may have been stored: one for each key, the active one's first. For rows that
    /// were written before a rotation.
    #[must_use]
    pub fn lookup_candidates(&self, purpose: Purpose, value: &[u8]) -> Vec<LookupHash> {
        self.ring.keys().iter().map(|key| lookup_hash_with(key, purpose, value)).collect()
    }

    /// HMAC-SHA256 of the fields, each with its length before it, under the active key; and the id of that key, to be
    /// stored with it.
    #[must_use]
    pub fn authenticate(&self, purpose: Purpose, fields: &[&[u8]]) -> (KeyId, [u8; 32]) {
        let key = self.ring.active();
        (key.id(), authenticate_with(key, purpose, fields))
    }

    /// The same under the key with this id, to check what was authenticated earlier; `None` if the ring does not have
    /// it. Compare in constant time.
    #[must_use]
    pub fn authenticate_with(&self, key: &KeyId, purpose: Purpose, fields: &[&[u8]]) -> Option<[u8; 32]> {
        let key = self.ring.find(key)?;
        Some(authenticate_with(key, purpose, fields))
    }

    /// A key for the host's own use, under the key with this id; `None` if the ring does not have it.
    #[must_use]
    pub fn subkey(&self, key: &KeyId, purpose: Purpose) -> Option<SubKey> {
        Some(SubKey::new(derive(self.ring.find(key)?.root(), Use::SubKey, purpose)))
    }
}

const fn sealing(format: Format) -> Use {
    match format {
        Format::Xaes256Gcm => Use::SealXaes256Gcm,
        Format::Aes256Gcm => Use::SealAes256Gcm,
    }
}

fn lookup_hash_with(key: &RingKey, purpose: Purpose, value: &[u8]) -> LookupHash {
    LookupHash::from_bytes(key.with_key(Use::Lookup, purpose, |key| mac::of_bytes(key, value)))
}

fn authenticate_with(key: &RingKey, purpose: Purpose, fields: &[&[u8]]) -> [u8; 32] {
    key.with_key(Use::Authenticate, purpose, |key| mac::of_fields(key, fields))
}
