//! countersign-vault
