#![doc = include_str!("../README.md")]

pub use countersign_backup_codes as backup_codes;
pub use countersign_clock as clock;
pub use countersign_otp as otp;
pub use countersign_store as store;
pub use countersign_vault as vault;

mod account;
mod answer;
mod builder;
mod client;
mod decide;
mod epoch;
mod error;
mod event;
mod factor_id;
mod hash_pool;
mod hint;
mod history;
mod import;
mod method;
mod new_factor;
mod observer;
mod odds;
mod outcome;
mod policy;
mod proof;
mod purpose;
mod random;
mod secret_text;
mod shell;
mod two_factor;

pub use self::{
    answer::Answer,
    builder::{BuildError, Builder},
    client::Client,
    epoch::Epoch,
    error::Error,
    event::EventKind,
    factor_id::{FactorId, ParseFactorIdError},
    hash_pool::{Busy, HashPool},
    hint::Hint,
    history::History,
    import::{ImportOptions, ImportProblem},
    method::Method,
    new_factor::{Authority, Enroller, NewFactor},
    observer::{Notice, Observer},
    odds::GuessOdds,
    outcome::{
        Beginning, Challenge, Change, Confirmation, Enrolment, FactorStatus, Refusal, SecurityEvent, SetupTicket,
        Status, Ticket, Verification,
    },
    policy::{Allowance, Lock, Policy, PolicyBuilder, PolicyError},
    proof::SecondFactorProof,
    purpose::Purpose,
    random::{Generator, Randomness, RandomnessError, SystemRandom},
    secret_text::SecretText,
    two_factor::{ImportedLine, Rehearsed, Swept, TrailFault, TrailReport, TwoFactor},
};
