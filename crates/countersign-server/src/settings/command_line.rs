use std::path::PathBuf;

use clap::{Parser, Subcommand};

use super::Given;

/// What the command line says; each setting is a variable of the environment too.
#[derive(Debug, Parser)]
#[command(name = "countersign-server", version, about = "A small server for accounts with a second factor", long_about = None)]
pub(crate) struct CommandLine {
    /// What to do; `serve` if nothing is said.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// The settings.
    #[command(flatten)]
    pub(crate) given: Given,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve until told to stop.
    Serve,
    /// Check the settings, say what they are, and stop.
    CheckConfig,
    /// Bring the database to the schema of this version, and stop.
    Migrate,
    /// The key ring.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Accounts.
    #[command(subcommand)]
    User(UserCommand),
    /// The audit trails.
    #[command(subcommand)]
    Audit(AuditCommand),
}

/// What to do with the keys.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// What needs the key ring file alone.
    #[command(flatten)]
    Ring(RingCommand),
    /// What needs the database too.
    #[command(flatten)]
    Sealed(SealedCommand),
}

/// What to do with the key ring file.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum RingCommand {
    /// Add a new key that only opens: the first step of a rotation.
    New,
    /// List the keys.
    List,
    /// Let another key seal, once every instance has it.
    Activate {
        /// Its id, as `keys list` gives it.
        id: String,
    },
}

/// What to do with the keys and what is sealed under them.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum SealedCommand {
    /// Say what a rotation would seal anew, what does not open, and what needs which key; nothing is written.
    Rehearse,
    /// Seal everything anew under the active key, in steps; one that was stopped goes on.
    Rotate,
    /// Take a key out of the ring that nothing needs any more.
    Remove {
        /// Its id, as `keys list` gives it.
        id: String,
    },
}

/// What to do with accounts.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// How it stands.
    Show {
        /// Its address or id.
        who: String,
    },
    /// Take the lock off its second factor.
    Unlock {
        /// Its address or id.
        who: String,
    },
    /// Bring accounts over from another system: a file with one JSON object a line. All of it is checked first; if one line
    /// cannot be imported, none is. An address that has an account already is left as it is.
    Import {
        /// The file; `-` for standard input.
        file: PathBuf,
        /// Only check, and say what would be done.
        #[arg(long)]
        dry_run: bool,
    },
    /// Take its second factor away: the next sign-in leads to a new set-up.
    #[command(name = "reset-2fa")]
    ResetTwoFactor {
        /// Its address or id.
        who: String,
    },
}

/// What to do with the audit trails.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Check that nothing is missing and nothing was altered: of one account, or of all.
    Verify {
        /// An address or id; all accounts if nothing is said.
        who: Option<String>,
    },
    /// Let go of old events, of one account or of all; what is left stays provable.
    Prune {
        /// An address or id; all accounts if nothing is said.
        who: Option<String>,
        /// How old they are at least, such as 90d or 12h [default: COUNTERSIGN_AUDIT_RETENTION]
        #[arg(long)]
        older_than: Option<String>,
        /// Only say how many there are.
        #[arg(long)]
        rehearse: bool,
    },
    /// The newest events of one account, one JSON object a line.
    Tail {
        /// Its address or id.
        who: String,
        /// How many.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=500))]
        limit: u16,
    },
}
