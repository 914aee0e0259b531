use rand_core::TryCryptoRng;
use serde::{Deserialize, Serialize};

use crate::{Context, KeyId, Sealed, Vault, VaultError};

/// How far a sweep has come that seals everything anew: to be stored after each batch, so that a sweep that was killed
/// goes on where it stood.
///
/// A sweep goes through the rows in the order of their names, each in a save of its own; doing a row twice does no
/// harm. So at any moment every row opens with exactly one key of the ring, the old one or the new one.
///
/// ```
/// use countersign_vault::{Context, KeyRing, MasterKey, Purpose, SweepProgress, Vault};
/// use getrandom::SysRng;
///
/// let ring = KeyRing::new(MasterKey::generate(&mut SysRng)?);
/// let place = Context::new(Purpose::SECRET, "ann");
/// let old = Vault::new(ring);
/// let row = old.seal(&place, b"secret", &mut SysRng)?;
///
/// let ring = KeyRing::parse(old.key_ring().to_text().expose_str())?.with_older(MasterKey::generate(&mut SysRng)?)?;
/// let newest = ring.ids().last().unwrap_or(ring.active_id());
/// let vault = Vault::new(ring.with_active(&newest)?);
///
/// let mut progress = SweepProgress::start(&vault);
/// // For each row after `progress.after()`, in order:
/// let resealed = progress.reseal(&vault, &place, &row, &mut SysRng)?;
/// assert_eq!(resealed.map(|row| row.key_id()), Some(newest));
/// // ... save it, then
/// progress.finish_row("ann");
/// assert_eq!((progress.after(), progress.resealed()), (Some("ann"), 1));
/// # Ok::<(), countersign_vault::VaultError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepProgress {
    target: KeyId,
    after: Option<String>,
    rows: u64,
    resealed: u64,
    does_not_open: u64,
}

impl SweepProgress {
    /// A sweep towards the vault's active key that has not done anything yet.
    #[must_use]
    pub fn start(vault: &Vault) -> Self {
        Self { target: vault.key_ring().active_id(), after: None, rows: 0, resealed: 0, does_not_open: 0 }
    }

    /// The stored sweep if it was on its way to the vault's active key, else a new one: the key was changed again.
    #[must_use]
    pub fn resume(stored: Self, vault: &Vault) -> Self {
        if stored.target == vault.key_ring().active_id() { stored } else { Self::start(vault) }
    }

    /// Seals one value anew if it needs that, and counts it. `None`: leave it as it is. A value that does not open is
    /// counted and left as it is.
    ///
    /// # Errors
    /// As for [`Vault::seal`].
    pub fn reseal<R: TryCryptoRng + ?Sized>(
        &mut self,
        vault: &Vault,
        context: &Context<'_>,
        sealed: &Sealed,
        rng: &mut R,
    ) -> Result<Option<Sealed>, VaultError> {
        match vault.reseal(context, sealed, rng) {
            Ok(resealed) => {
                self.resealed = self.resealed.saturating_add(u64::from(resealed.is_some()));
                Ok(resealed)
            }
            Err(VaultError::DidNotOpen(_)) => {
                self.does_not_open = self.does_not_open.saturating_add(1);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Notes that a row is done and saved: the sweep goes on behind it.
    pub fn finish_row(&mut self, row: &str) {
        self.after = Some(row.to_owned());
        self.rows = self.rows.saturating_add(1);
    }

    /// The last row that was done: the sweep goes on with the first one after it.
    #[must_use]
    pub fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// The key under which everything is to be.
    #[must_use]
    pub const fn target(&self) -> KeyId {
        self.target
    }

    /// Rows that are done.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Values that were sealed anew.
    #[must_use]
    pub const fn resealed(&self) -> u64 {
        self.resealed
    }

    /// Values that did not open and were left as they are.
    #[must_use]
    pub const fn does_not_open(&self) -> u64 {
        self.does_not_open
    }
}
