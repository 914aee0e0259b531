//! The engine beside a model of what it promises: random sequences of what people, strangers, operators and failures do,
//! and after each step the same answer from both.
//!
//! `cargo test -p countersign --test model` runs 2,000 sequences. `COUNTERSIGN_MODEL_CASES=100000` with `--release` is the
//! long run. A failure prints the sequence it was shrunk to, and its seed goes into `proptest-regressions/`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod event;
#[path = "../it/faulty.rs"]
mod faulty;
mod model;
#[path = "../it/phone.rs"]
mod phone;
mod system;

use proptest::test_runner::Config;
use proptest_state_machine::prop_state_machine;
use system::System;

fn config() -> Config {
    #[expect(clippy::disallowed_methods, reason = "how long a test runs is said from outside")]
    let cases = std::env::var("COUNTERSIGN_MODEL_CASES").ok().and_then(|cases| cases.parse().ok());
    Config { cases: cases.unwrap_or(2_000), max_shrink_iters: 20_000, ..Config::default() }
}

prop_state_machine! {
    #![proptest_config(config())]

    #[test]
    fn the_engine_answers_as_the_model(sequential 1..100 => System);
}
