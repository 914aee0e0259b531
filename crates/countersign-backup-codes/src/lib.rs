//! countersign-backup-codes
