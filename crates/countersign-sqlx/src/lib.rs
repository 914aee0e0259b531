//! countersign-sqlx
