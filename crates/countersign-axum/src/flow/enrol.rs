use std::fmt;

use countersign::{
    Answer, Authority, Beginning, Confirmation, Enroller, Enrolment, FactorId, NewFactor, Refusal,
    backup_codes::BackupCode,
    otp::{Algorithm, Digits},
    store::UserId,
};
use zeroize::Zeroizing;

use super::manage::{check_name, prove};
use crate::{Caller, Handle, Problem, Reply, Requester};

/// Who may set up a factor: somebody signed in, or the holder of an open set-up ticket.
pub enum Enrolling {
    /// Somebody signed in.
    Session(Caller),
    /// The holder of an open set-up ticket; see [`of_ticket`](Self::of_ticket).
    Ticket {
        /// The ticket.
        ticket: Zeroizing<String>,
        /// Whose it is.
        user: UserId,
    },
}

/// What a new factor is to be like, and on whose word it is added.
#[derive(Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// Its name; see [`check_name`](super::check_name).
    pub name: Option<&'a str>,
    /// Digits of a code.
    pub digits: Option<Digits>,
    /// The hash under the code.
    pub algorithm: Option<Algorithm>,
    /// The password, where the caller has a session and no live factor.
    pub password: Option<&'a str>,
    /// An answer of the live factor, where there is one.
    pub answer: Option<Answer<'a>>,
}

impl fmt::Debug for Wanted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wanted").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A factor that has turned live.
#[derive(Debug)]
pub struct Enabled {
    /// Its id.
    pub factor_id: FactorId,
    /// A fresh set, to be shown this once; all older codes are dead.
    pub backup_codes: Vec<BackupCode>,
    /// What the host gives the client for its new session.
    pub reply: Reply,
}

impl Enrolling {
    /// The holder of this ticket, if it is an open set-up ticket.
    ///
    /// # Errors
    /// When it cannot be told.
    pub async fn of_ticket(handle: &Handle, ticket: &str) -> Result<Option<Self>, Problem> {
        let user = handle.engine().setup_holder(ticket).await?;
        Ok(user.map(|user| Self::Ticket { ticket: Zeroizing::new(ticket.to_owned()), user }))
    }

    /// Whose factor it will be.
    #[must_use]
    pub const fn user(&self) -> &UserId {
        match self {
            Self::Session(caller) => &caller.user,
            Self::Ticket { user, .. } => user,
        }
    }

    /// Their session, if they have one.
    #[must_use]
    pub const fn session(&self) -> Option<&Caller> {
        match self {
            Self::Session(caller) => Some(caller),
            Self::Ticket { .. } => None,
        }
    }
}

impl fmt::Debug for Enrolling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Enrolling").field(self.user()).finish()
    }
}

/// Begins the set-up of an authenticator: its secret is in the answer, to be shown this once.
///
/// # Errors
/// 401 where a password or an answer is missing or wrong; whatever the engine refuses.
pub async fn begin(
    handle: &Handle,
    enrolling: &Enrolling,
    wanted: Wanted<'_>,
    requester: &Requester,
) -> Result<Box<Enrolment>, Problem> {
    if let Some(name) = wanted.name {
        check_name(name)?;
    }
    let account = handle.host().account_label(enrolling.user()).await?;
    let factor = NewFactor { account: &account, name: wanted.name, digits: wanted.digits, algorithm: wanted.algorithm };
    let authority = match enrolling {
        Enrolling::Ticket { ticket, .. } => Authority::Ticket(ticket),
        Enrolling::Session(caller) if handle.engine().status(&caller.user).await?.enabled => {
            Authority::Proof(prove(handle, caller, wanted.answer, requester).await?)
        }
        Enrolling::Session(caller) => {
            let password = wanted.password.ok_or_else(Problem::password_required)?;
            handle.host().check_password(caller, password, requester).await?;
            Authority::FirstFactor { user: &caller.user, history: handle.host().history(&caller.user).await? }
        }
    };
    match handle.engine().begin_totp(authority, factor, &requester.client()).await? {
        Beginning::Begun(enrolment) => Ok(enrolment),
        Beginning::Refused(refusal) => Err(refusal.into()),
    }
}

/// Confirms the pending factor with a code of it, and begins a session that replaces the caller's. `None` if no factor is
/// pending, or not `factor`.
///
/// # Errors
/// Whatever the engine or the host refuses.
pub async fn confirm(
    handle: &Handle,
    enrolling: &Enrolling,
    factor: Option<FactorId>,
    code: &str,
    requester: &Requester,
) -> Result<Option<Enabled>, Problem> {
    let engine = handle.engine();
    if !engine.status(enrolling.user()).await?.pending {
        return Ok(None);
    }
    // Before the confirmation: see `Host::remember_enrolled`.
    handle.host().remember_enrolled(enrolling.user()).await?;
    let enroller = match enrolling {
        Enrolling::Ticket { ticket, .. } => Enroller::Ticket(ticket),
        Enrolling::Session(caller) => Enroller::User(&caller.user),
    };
    match engine.confirm(enroller, factor, code, &requester.client()).await? {
        Confirmation::Enabled { factor_id, backup_codes, proof } => {
            let reply = handle.host().begin_session(proof, enrolling.session(), requester).await?;
            Ok(Some(Enabled { factor_id, backup_codes, reply }))
        }
        // It ended between the two looks.
        Confirmation::Refused(Refusal::NothingPending) => Ok(None),
        Confirmation::Refused(refusal) => Err(refusal.into()),
    }
}
