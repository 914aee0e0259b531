//! See the library: this is only where the process begins.

use std::process::ExitCode;

fn main() -> ExitCode {
    countersign_server::run()
}
