use std::{io, io::Write as _, process::ExitCode};

use clap::Parser as _;
use tracing_subscriber::{EnvFilter, fmt};

use crate::{
    admin::{self, Admin},
    keys,
    run_error::RunError,
    serve::serve,
    settings::{BadSetting, Command, CommandLine, KeysCommand, Settings},
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

fn act(line: CommandLine) -> Result<(), RunError> {
    let settings = Settings::read(line.given)?;
    start_logging(&settings)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(RunError::Serve)?;
    let out = &mut io::stdout();
    match line.command.unwrap_or(Command::Serve) {
        Command::Serve => runtime.block_on(serve(settings)),
        Command::CheckConfig => {
            runtime.block_on(check(&settings))?;
            write!(out, "{settings}").map_err(RunError::Output)
        }
        Command::Migrate => runtime.block_on(async { Admin::make(settings, out).await?.migrated() }),
        Command::User(command) => runtime.block_on(async { Admin::open(settings, out).await?.user(command).await }),
        Command::Audit(command) => runtime.block_on(async { Admin::open(settings, out).await?.audit(command).await }),
        Command::Keys(KeysCommand::Ring(command)) => admin::keys(command, &settings, out),
        Command::Keys(KeysCommand::Sealed(command)) => {
            runtime.block_on(async { Admin::open(settings, out).await?.sealed(command).await })
        }
    }
}

/// Looks at the files that the settings name, which reading the settings alone does not.
async fn check(settings: &Settings) -> Result<(), RunError> {
    #[cfg(feature = "tls")]
    if let Some(files) = &settings.tls {
        crate::tls::acceptor(files).await?;
    }
    keys::check(&settings.keys)
}

/// Logs go to stderr; what is meant for whoever started the server goes to stdout.
fn start_logging(settings: &Settings) -> Result<(), RunError> {
    let filter: EnvFilter = EnvFilter::builder()
        .parse(&settings.log)
        .map_err(|_| BadSetting::new("COUNTERSIGN_LOG", format!("is {:?}, not a level or a filter", settings.log)))?;
    let log = fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = if settings.log_json { log.json().try_init() } else { log.with_ansi(false).try_init() };
    // Logging that was started before stays as it is.
    drop(started);
    Ok(())
}
