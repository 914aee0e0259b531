//! Searches this process's own memory.

use std::{
    fs::File,
    os::unix::fs::FileExt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use getrandom::SysRng;
use rand_core::TryRng;

/// What to look for, kept in a form that the search does not find.
pub(crate) struct Needle(Vec<u8>);

impl Needle {
    /// The last sixteen bytes: an allocator keeps its notes in the first ones of what it was given back, so that the
    /// whole would not be found any more.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(bytes[bytes.len() - 16..].iter().map(|byte| !byte).collect())
    }

    fn is_in(&self, memory: &[u8]) -> bool {
        let first = !self.0[0];
        let mut from = 0;
        while let Some(at) = memory[from..].iter().position(|byte| *byte == first) {
            let at = from + at;
            if memory.len() - at >= self.0.len()
                && self.0.iter().zip(&memory[at..]).all(|(hidden, byte)| !hidden == *byte)
            {
                return true;
            }
            from = at + 1;
        }
        false
    }
}

/// Whether any part of the process's writable memory holds the bytes.
pub(crate) fn found(needle: &Needle) -> bool {
    let memory = File::open("/proc/self/mem").unwrap();
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let mut buffer = vec![0; 1 << 16];
    let mut scanned = 0;
    for line in maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|mode| mode.starts_with("rw"))) {
        let (start, end) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let [start, end] = [start, end].map(|text| u64::from_str_radix(text, 16).unwrap());
        let mut at = start;
        while at < end {
            let want = usize::try_from(end - at).unwrap().min(buffer.len());
            let Ok(len @ 1..) = memory.read_at(&mut buffer[..want], at) else { break };
            scanned += len;
            // The buffer is part of the memory: what it held of the region before must not be found in it.
            let hit = needle.is_in(&buffer[..len]);
            buffer.fill(0);
            if hit {
                return true;
            }
            // Parts overlap by the length of what is looked for.
            at += if len == want && at + (len as u64) < end { (len - needle.0.len()) as u64 } else { len as u64 };
        }
    }
    assert!(scanned > 100_000, "only {scanned} bytes were read");
    false
}

/// One scan at a time: another test's buffer would be found.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn random(bytes: &mut [u8]) {
    SysRng.try_fill_bytes(bytes).unwrap();
}
