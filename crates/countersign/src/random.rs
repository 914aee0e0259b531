use std::fmt;

use rand_core::{TryCryptoRng, TryRng};

/// Where random bytes come from. Handed in, so that a test can be run again with the same ones.
pub trait Randomness: fmt::Debug + Send + Sync + 'static {
    /// Fills `bytes` with unpredictable ones.
    ///
    /// # Errors
    /// When the source has none; nothing may be made of what `bytes` holds then.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessError>;
}

/// The source of randomness had nothing to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no randomness to be had")]
pub struct RandomnessError;

/// The operating system's generator: the one place where Countersign asks it for random bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Randomness for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessError> {
        getrandom::SysRng.try_fill_bytes(bytes).map_err(|_| RandomnessError)
    }
}

/// A [`Randomness`] in the shape that the crates below take.
#[derive(Clone, Copy, Debug)]
pub struct Generator<'a>(pub &'a dyn Randomness);

impl TryRng for Generator<'_> {
    type Error = RandomnessError;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.0.fill(bytes)
    }
}

impl TryCryptoRng for Generator<'_> {}
