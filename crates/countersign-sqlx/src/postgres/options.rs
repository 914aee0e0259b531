/// How a PostgreSQL database is used. The defaults suit one server process of several on one database.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct PostgresOptions {
    /// The most connections: 16.
    pub connections: u32,
}

impl PostgresOptions {
    /// The same with another number of connections, at least 1.
    #[must_use]
    pub const fn connections(mut self, connections: u32) -> Self {
        self.connections = connections;
        self
    }
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self { connections: 16 }
    }
}
