//! Nothing is here: the examples are in `examples/`, one page each.
//!
//! ```text
//! cargo run -p countersign-examples --example engine-only
//! cargo run -p countersign-examples --example own-store     (checked by the conformance kit)
//! cargo run -p countersign-examples --example axum-app            (walks through a sign-in by itself and ends)
//! cargo run -p countersign-examples --example axum-app -- serve   (listens on 127.0.0.1:3000)
//! ```
