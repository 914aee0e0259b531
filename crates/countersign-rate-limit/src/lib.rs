//! countersign-rate-limit
