//! The store in memory keeps the contract.

use std::sync::Arc;

use countersign_store::{MemoryStore, conformance::Subject};

async fn fresh() -> Subject {
    Subject::new(Arc::new(MemoryStore::new()))
}

countersign_store::conformance_tests!(fresh());
