use std::fmt;

use argon2::Block;
use zeroize::optimization_barrier;

use crate::BackupCodesError;

/// Working memory for Argon2, kept from one call to the next and wiped after each. It grows to the largest size that was
/// asked for and stays there. One per thread that hashes: how many there are bounds the memory that hashing takes.
///
/// PBKDF2 does not use it.
#[derive(Default)]
pub struct Workspace {
    blocks: Vec<Block>,
    used: u64,
}

impl Workspace {
    /// A workspace without memory yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { blocks: Vec::new(), used: 0 }
    }

    /// The memory it holds, in KiB.
    #[must_use]
    pub fn memory_kib(&self) -> usize {
        self.blocks.len()
    }

    /// For how many hashes it has been used.
    #[must_use]
    pub const fn used(&self) -> u64 {
        self.used
    }

    /// Hands out `count` blocks of 1 KiB and wipes them when the call is over, whatever came of it.
    pub(crate) fn with_blocks<T>(
        &mut self,
        count: usize,
        hash: impl FnOnce(&mut [Block]) -> T,
    ) -> Result<T, BackupCodesError> {
        if self.blocks.len() < count {
            // What is there is wiped already; to let go of it first keeps the peak low.
            self.blocks = Vec::new();
            self.blocks.try_reserve_exact(count).map_err(|_| BackupCodesError::OutOfMemory)?;
            self.blocks.resize(count, Block::new());
        }
        self.used = self.used.saturating_add(1);
        let guard = WipedAfter(&mut self.blocks[..count]);
        Ok(hash(&mut *guard.0))
    }
}

impl fmt::Debug for Workspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workspace").field("memory_kib", &self.memory_kib()).finish_non_exhaustive()
    }
}

/// Wipes also when the call unwinds.
struct WipedAfter<'a>(&'a mut [Block]);

impl Drop for WipedAfter<'_> {
    fn drop(&mut self) {
        // As wide as the machine can write, which `zeroize` for a block, a word at a time, is not: half the time for 19 MiB.
        self.0.fill(Block::new());
        optimization_barrier(self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dirty(memory: &mut Workspace, count: usize) {
        memory.with_blocks(count, |blocks| blocks.iter_mut().for_each(|block| block.as_mut().fill(u64::MAX))).unwrap();
    }

    fn is_wiped(memory: &Workspace) -> bool {
        memory.blocks.iter().all(|block| block.as_ref().iter().all(|word| *word == 0))
    }

    #[test]
    fn memory_is_kept_and_wiped() {
        let mut memory = Workspace::new();
        dirty(&mut memory, 16);
        assert!(is_wiped(&memory));
        let at = memory.blocks.as_ptr();
        dirty(&mut memory, 8);
        assert_eq!((memory.blocks.as_ptr(), memory.memory_kib()), (at, 16));
        dirty(&mut memory, 32);
        assert_eq!(memory.memory_kib(), 32);
        assert!(is_wiped(&memory));
    }

    #[test]
    fn memory_is_wiped_when_the_call_unwinds() {
        let mut memory = Workspace::new();
        let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _ = memory.with_blocks(4, |blocks| {
                blocks[3].as_mut().fill(7);
                panic!("on purpose");
            });
        }));
        assert!(unwound.is_err() && memory.memory_kib() == 4 && is_wiped(&memory));
    }
}
