//! The answers of the engine. A "no" is a value here; errors are for when there was no answer.

use std::{fmt, time::Duration};

use countersign_backup_codes::BackupCode;
use countersign_clock::Timestamp;
use countersign_otp::{Algorithm, Digits, Period};

use crate::{Epoch, FactorId, Hint, Method, SecondFactorProof, secret_text::SecretText};

/// What follows on a right first factor.
#[must_use]
#[derive(Debug)]
#[non_exhaustive]
pub enum Challenge {
    /// No second factor is due: none is set up and none is required.
    NotDue {
        /// The epoch a session begins under.
        epoch: Epoch,
    },
    /// A second factor is due.
    Ticket(Ticket),
    /// A second factor has to be set up before anything else. The ticket opens nothing but enrolment.
    SetupRequired(SetupTicket),
}

/// Leave to answer with a second factor.
#[derive(Debug)]
pub struct Ticket {
    /// Opaque; to be handed back with the answer.
    pub token: SecretText,
    /// How it can be answered.
    pub methods: Vec<Method>,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Leave to set up a first factor.
#[derive(Debug)]
pub struct SetupTicket {
    /// Opaque; to be handed back with each step of the enrolment.
    pub token: SecretText,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// How a verification ended.
#[must_use = "a verification that nobody looks at protects nothing"]
#[derive(Debug)]
pub enum Verification {
    /// The answer was right, claimed and saved.
    Accepted {
        /// To be spent on a session or a change.
        proof: SecondFactorProof,
        /// Backup codes left after this.
        backup_codes_left: usize,
    },
    /// It was not accepted, or not looked at.
    Refused(Refusal),
}

/// Why the answer is no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The code was not right, or was right once and has been used. Nobody is told which.
    WrongCode {
        /// Answers left before the next refusal of another kind.
        attempts_left: u32,
    },
    /// The code for a pending factor is right, but for other parameters than were shown: the authenticator does not know
    /// these.
    OtherParameters {
        /// Answers left before the next refusal of another kind.
        attempts_left: u32,
        /// What it seems to use.
        hint: Hint,
    },
    /// What was typed cannot be a code. It was charged to nobody.
    MalformedCode,
    /// The ticket is unknown, expired, used up, redeemed, or for something else.
    TicketInvalid,
    /// The budget for wrong answers is spent; nothing was looked at.
    BudgetSpent {
        /// Until there is a budget again.
        retry_after: Duration,
    },
    /// The account's second factor is locked; codes are not looked at, a backup code is.
    Locked {
        /// Until the lock ends by itself; `None` when it does not.
        retry_after: Option<Duration>,
    },
    /// There is no live factor to check.
    NotEnabled,
    /// No enrolment is pending, or another one.
    NothingPending,
    /// A live factor, or the memory of one, stands in the way: a proof of the live one is needed, or an admin.
    ProofRequired,
    /// The proof is for another purpose, too old, or from before the last change.
    ProofInvalid,
    /// The account has as many factors as the policy allows.
    TooManyFactors,
    /// There is no such factor.
    NoSuchFactor,
    /// The policy makes a second factor mandatory: the last one stays.
    RequiredByPolicy,
}

/// How the beginning of an enrolment ended.
#[must_use]
#[derive(Debug)]
pub enum Beginning {
    /// A factor is pending.
    Begun(Box<Enrolment>),
    /// Nothing was begun.
    Refused(Refusal),
}

/// A pending factor, as it is shown this once to whoever is to add it to an authenticator.
#[derive(Debug)]
pub struct Enrolment {
    /// Its id, pending and later.
    pub factor_id: FactorId,
    /// The secret in Base32 (RFC 4648, no padding), for typing.
    pub secret: SecretText,
    /// The `otpauth://` URI, for the QR code.
    pub uri: SecretText,
    /// Digits of a code.
    pub digits: Digits,
    /// Seconds a code is good for; `None` where codes go by a counter.
    pub period: Option<Period>,
    /// The hash under the code.
    pub algorithm: Algorithm,
    /// When the pending factor is dropped.
    pub expires_at: Timestamp,
}

/// How the confirmation of an enrolment ended.
#[must_use]
#[derive(Debug)]
pub enum Confirmation {
    /// The factor is live, and the code that confirmed it is used.
    Enabled {
        /// The factor that is live now.
        factor_id: FactorId,
        /// A fresh set; all older codes are dead. Shown this once.
        backup_codes: Vec<BackupCode>,
        /// The proof of purpose sign-in that the confirmation is worth.
        proof: SecondFactorProof,
    },
    /// It is not.
    Refused(Refusal),
}

/// How a change of the second factor ended.
#[must_use]
#[derive(Debug)]
pub enum Change<T = ()> {
    /// It is done and saved.
    Done {
        /// The account's new epoch: sessions of older ones are over, but for the one that the host carries on.
        epoch: Epoch,
        /// What it gave.
        value: T,
    },
    /// Nothing was changed.
    Refused(Refusal),
}

/// An account's second factor, as its owner may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Whether there is a live factor.
    pub enabled: bool,
    /// Whether the policy demands one.
    pub required: bool,
    /// The live factors, oldest first.
    pub factors: Vec<FactorStatus>,
    /// Since when there has been a live factor without a gap.
    pub enabled_at: Option<Timestamp>,
    /// Backup codes left.
    pub backup_codes_left: usize,
    /// When the present set was made.
    pub backup_codes_generated_at: Option<Timestamp>,
    /// When the present lock ends; see [`locked`](Self::locked).
    pub locked_until: Option<Timestamp>,
    /// Whether codes are refused unseen. With no `locked_until`, only a backup code or an admin ends that.
    pub locked: bool,
    /// The epoch that sessions are compared with.
    pub epoch: Epoch,
    /// Whether an enrolment is pending.
    pub pending: bool,
}

/// One live factor, as its owner may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactorStatus {
    /// Its id.
    pub id: FactorId,
    /// Its kind.
    pub kind: Method,
    /// The name its owner gave it.
    pub name: String,
    /// When it was confirmed.
    pub created_at: Timestamp,
    /// When a code of it was last accepted.
    pub last_used_at: Option<Timestamp>,
    /// Whether it was guessed at so often in its life that it answers no more.
    pub struck_out: bool,
}

/// One event of an account's trail, as its owner may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityEvent {
    /// Its place in the account's trail, from 1.
    pub sequence: u64,
    /// When it happened.
    pub at: Timestamp,
    /// What happened, as a stable name.
    pub kind: String,
    /// More about it: a JSON object without secrets.
    pub detail: String,
}

impl Refusal {
    /// The name it is counted and logged under.
    pub(crate) const fn reason(&self) -> &'static str {
        match self {
            Self::WrongCode { .. } => "wrong_code",
            Self::OtherParameters { .. } => "other_parameters",
            Self::MalformedCode => "malformed_code",
            Self::TicketInvalid => "ticket_invalid",
            Self::BudgetSpent { .. } => "budget_spent",
            Self::Locked { .. } => "locked",
            Self::NotEnabled => "not_enabled",
            Self::NothingPending => "nothing_pending",
            Self::ProofRequired => "proof_required",
            Self::ProofInvalid => "proof_invalid",
            Self::TooManyFactors => "too_many_factors",
            Self::NoSuchFactor => "no_such_factor",
            Self::RequiredByPolicy => "required_by_policy",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WrongCode { .. } => "the code is not right",
            Self::OtherParameters { .. } => "the authenticator does not know these parameters",
            Self::MalformedCode => "this cannot be a code",
            Self::TicketInvalid => "the sign-in has expired; start again",
            Self::BudgetSpent { .. } => "too many wrong codes",
            Self::Locked { .. } => "the second factor is locked",
            Self::NotEnabled => "no second factor is set up",
            Self::NothingPending => "no set-up is pending",
            Self::ProofRequired => "the present second factor is needed",
            Self::ProofInvalid => "the second factor has to be shown again",
            Self::TooManyFactors => "no more factors can be added",
            Self::NoSuchFactor => "there is no such factor",
            Self::RequiredByPolicy => "a second factor is mandatory",
        })
    }
}
