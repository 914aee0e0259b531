//! The load on a running server. `benches/load.sh` starts the server and calls this; `benches/README.md` has the figures.
//!
//! It shares its machine with the server, so it is small: one thread, requests as bytes, no client library.

mod crowd;
mod http;
mod measure;
mod people;
mod prepare;
mod process;
mod second_steps;
mod sign_ins;
mod storm;

use std::{io, path::PathBuf};

use clap::{Parser, Subcommand};

use crate::{measure::Summary, people::Person};

/// Puts load on a server and says how it did.
#[derive(Parser)]
struct CommandLine {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Makes accounts with a second factor and an open ticket each, in the server's database, by the engine.
    Prepare {
        /// sqlite://PATH or postgres://…, migrated by the server before.
        database: String,
        /// The server's key ring.
        keys: PathBuf,
        /// How many.
        number: usize,
        /// Where to write who they are.
        people: PathBuf,
    },
    /// Second steps per second.
    SecondSteps {
        people: PathBuf,
        #[arg(long)]
        connections: usize,
        /// The servers' processes.
        #[arg(long)]
        pid: Vec<u32>,
        /// The servers, such as 127.0.0.1:8080; connections go to them in turn.
        servers: Vec<String>,
    },
    /// Sign-ins (first steps) per second of CPU time, beside bare Argon2id.
    SignIns { people: PathBuf, pid: u32, server: String },
    /// Many sign-ins at once: memory, and what it does to second steps meanwhile.
    Storm {
        people: PathBuf,
        #[arg(long, default_value_t = 500)]
        sign_ins: usize,
        pid: u32,
        server: String,
    },
    /// Many connections, all of them busy on routes without a slow hash.
    Crowd {
        people: PathBuf,
        #[arg(long, default_value_t = 1000)]
        connections: usize,
        /// Milliseconds each rests between an answer and the next request.
        #[arg(long, default_value_t = 0)]
        rest: u64,
        server: String,
    },
}

fn main() -> io::Result<()> {
    let runtime = |mut builder: tokio::runtime::Builder| builder.enable_all().build();
    let one_thread = || runtime(tokio::runtime::Builder::new_current_thread());
    match CommandLine::parse().what {
        What::Prepare { database, keys, number, people } => {
            let people = people::Output::create(&people)?;
            runtime(tokio::runtime::Builder::new_multi_thread())?
                .block_on(prepare::prepare(&database, &keys, number, people))
        }
        What::SecondSteps { people, connections, pid, servers } => {
            one_thread()?.block_on(second_steps::measure(people::read(&people)?, connections, &pid, &servers))
        }
        What::SignIns { people, pid, server } => {
            one_thread()?.block_on(sign_ins::measure(&people::read(&people)?, pid, &server))
        }
        What::Storm { people, sign_ins, pid, server } => {
            one_thread()?.block_on(storm::measure(people::read(&people)?, sign_ins, pid, &server))
        }
        What::Crowd { people, connections, rest, server } => {
            one_thread()?.block_on(crowd::measure(people::read(&people)?, connections, rest, &server))
        }
    }
}
