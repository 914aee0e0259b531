//! Criterion runs, one file per crate under `benches/`, each with its peers and its floors beside it.
