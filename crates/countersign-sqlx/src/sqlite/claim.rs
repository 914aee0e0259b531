#[cfg(not(test))]
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, atomic::Ordering};

/// The same flag, but the schedule tests decide who has the next turn.
#[cfg(test)]
use shuttle::sync::atomic::AtomicBool;

/// One write is either begun by the writer or given up by its caller, never both: whoever comes first has it. That is
/// what lets a caller whose time is up say for sure that nothing was changed.
#[derive(Clone, Debug, Default)]
pub(super) struct Claim(Arc<AtomicBool>);

impl Claim {
    /// Whether the caller of this is the first to claim it.
    pub(super) fn take(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }
}

/// Gives the write up when its caller goes away.
#[derive(Debug)]
pub(super) struct GiveUp(pub(super) Claim);

impl Drop for GiveUp {
    fn drop(&mut self) {
        self.0.take();
    }
}
