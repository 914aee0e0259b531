/// How a SQLite database is opened. The defaults suit one server process.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SqliteOptions {
    /// How many connections read, beside the one that writes: 4.
    pub readers: usize,
    /// How many writes may wait, and how many reads; more are held back until there is room: 1024.
    pub queue: usize,
    /// Durable commits. Only `danger_not_durable` takes this away.
    pub(crate) durable: bool,
}

impl SqliteOptions {
    /// Commits without waiting for the disk (`synchronous=NORMAL`): after a loss of power, saves that were answered may
    /// be gone, and with them the memory of codes that were used. For tests that show the difference.
    #[must_use]
    pub const fn danger_not_durable(mut self) -> Self {
        self.durable = false;
        self
    }

    /// The same with another number of readers, at least 1.
    #[must_use]
    pub const fn readers(mut self, readers: usize) -> Self {
        self.readers = readers;
        self
    }

    /// The same with another length of the queues, at least 1.
    #[must_use]
    pub const fn queue(mut self, queue: usize) -> Self {
        self.queue = queue;
        self
    }
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { readers: 4, queue: 1024, durable: true }
    }
}
