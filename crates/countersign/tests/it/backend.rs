use std::sync::Arc;

use countersign::store::{MemoryStore, Store};

/// A store of its own for each test.
pub(crate) async fn store() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}
