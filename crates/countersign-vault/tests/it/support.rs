use std::convert::Infallible;

use countersign_vault::{KeyRing, MasterKey, Vault};
use rand_core::{TryCryptoRng, TryRng};

/// A key that is no secret and no weak one: the same for the same number.
pub(crate) fn key(number: u8) -> MasterKey {
    let mut bytes = [0; 32];
    let mut state = u32::from(number).wrapping_add(0x9e37_79b9);
    for byte in &mut bytes {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        *byte = state.to_le_bytes()[1];
    }
    MasterKey::from_bytes(bytes).unwrap()
}

pub(crate) fn vault(number: u8) -> Vault {
    Vault::new(KeyRing::new(key(number)))
}

/// Gives out the bytes it was made with, over and over.
pub(crate) struct Fixed(pub(crate) Vec<u8>);

impl TryRng for Fixed {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        dst.iter_mut().zip(self.0.iter().cycle()).for_each(|(dst, byte)| *dst = *byte);
        Ok(())
    }
}

impl TryCryptoRng for Fixed {}

/// A generator that is out of order.
pub(crate) struct Broken;

impl TryRng for Broken {
    type Error = std::fmt::Error;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Err(std::fmt::Error)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Err(std::fmt::Error)
    }

    fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), Self::Error> {
        Err(std::fmt::Error)
    }
}

impl TryCryptoRng for Broken {}
