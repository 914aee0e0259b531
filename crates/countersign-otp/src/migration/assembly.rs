use alloc::{vec, vec::Vec};
use core::fmt;

use super::{Batch, Refused};
use crate::{KeyUri, OtpError};

/// Puts an export together from its texts, which may be scanned in any order and more than once.
#[derive(Default)]
pub struct Assembly {
    id: i32,
    batches: Vec<Option<Batch>>,
}

impl Assembly {
    /// The most texts that an export may have.
    pub const MAX_BATCHES: usize = 1000;

    /// Adds one text. One that is there already is replaced.
    ///
    /// # Errors
    /// [`OtpError::Migration`] if it belongs to another export than those before; nothing is added then.
    pub fn add(&mut self, batch: Batch) -> Result<(), OtpError> {
        if self.batches.is_empty() {
            if batch.size > Self::MAX_BATCHES {
                return Err(OtpError::Migration);
            }
            self.id = batch.id;
            self.batches = (0..batch.size).map(|_| None).collect();
        }
        if batch.id != self.id || batch.size != self.batches.len() {
            return Err(OtpError::Migration);
        }
        let slot = self.batches.get_mut(batch.index).ok_or(OtpError::Migration)?;
        *slot = Some(batch);
        Ok(())
    }

    /// The indices of the texts that are still missing, from 0. The first alone as long as there is none.
    #[must_use]
    pub fn missing(&self) -> Vec<usize> {
        if self.batches.is_empty() {
            return vec![0];
        }
        self.batches.iter().enumerate().filter(|(_, batch)| batch.is_none()).map(|(index, _)| index).collect()
    }

    /// The entries of the whole export, in order.
    ///
    /// # Errors
    /// [`OtpError::Migration`] if a text is missing.
    pub fn finish(self) -> Result<Vec<Result<KeyUri, Refused>>, OtpError> {
        if self.batches.is_empty() {
            return Err(OtpError::Migration);
        }
        let mut entries = Vec::new();
        for batch in self.batches {
            entries.extend(batch.ok_or(OtpError::Migration)?.entries);
        }
        Ok(entries)
    }
}

impl fmt::Debug for Assembly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assembly").field("id", &self.id).field("missing", &self.missing()).finish_non_exhaustive()
    }
}
