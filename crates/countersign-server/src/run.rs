use std::{io, io::Write as _, process::ExitCode};

use clap::Parser as _;
use tracing_subscriber::{EnvFilter, fmt};

use crate::{
    serve::serve,
    settings::{BadSetting, Command, CommandLine, Settings},
    start_error::StartError,
};

/// Does what the command line and the environment say, and gives the exit code: 0, 2 for a setting that cannot be used,
/// 1 for anything else that went wrong.
#[must_use]
pub fn run() -> ExitCode {
    let line = CommandLine::parse();
    match act(line) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to be told if this fails.
            let _ = writeln!(io::stderr(), "{}", error.sentence());
            ExitCode::from(error.exit_code())
        }
    }
}

fn act(line: CommandLine) -> Result<(), StartError> {
    let settings = Settings::read(line.given)?;
    start_logging(&settings)?;
    match line.command.unwrap_or(Command::Serve) {
        Command::CheckConfig => writeln!(io::stdout(), "{settings:#?}").map_err(StartError::Serve),
        Command::Serve => {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(StartError::Serve)?;
            runtime.block_on(serve(settings))
        }
    }
}

/// Logs go to stderr; what is meant for whoever started the server goes to stdout.
fn start_logging(settings: &Settings) -> Result<(), StartError> {
    let filter: EnvFilter = EnvFilter::builder()
        .parse(&settings.log)
        .map_err(|_| BadSetting::new("COUNTERSIGN_LOG", format!("is {:?}, not a level or a filter", settings.log)))?;
    let log = fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = if settings.log_json { log.json().try_init() } else { log.with_ansi(false).try_init() };
    // Logging that was started before stays as it is.
    drop(started);
    Ok(())
}
