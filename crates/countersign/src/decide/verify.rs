use countersign_backup_codes::{Digest, Digester};
use countersign_vault::SweepProgress;

use super::{Decision, Turn, token::BearerToken};
use crate::{
    Error, FactorId, Method, Purpose, Refusal, SecondFactorProof, Verification,
    account::{Charged, Check, Claim, Device, Gate, TicketKind},
    event::{Detail, EventKind},
};

/// What an answer is given on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Via<'a> {
    /// A ticket: the first factor has just been shown.
    Ticket(&'a BearerToken),
    /// A session that the host vouches for.
    Session(Purpose),
}

/// What was typed.
#[derive(Clone, Copy)]
pub(crate) enum Typed<'a> {
    Code(&'a str),
    Run(&'a str, &'a str),
}

/// What a look at the account says before a slow hash is spent on a backup code.
#[derive(Debug)]
pub(crate) enum BackupPreview {
    /// Worth hashing; so.
    Hash(Digester),
    /// Not worth it.
    Refused(Refusal),
}

/// How a code stands to all live factors of an account.
enum Found {
    Accepted { factor: FactorId, method: Method, claim: Claim },
    Replayed(FactorId, Method),
    Wrong,
    Malformed,
}

impl Turn<'_> {
    /// Looks at a code of an authenticator, or at two of a token that has to be found again.
    pub(crate) fn verify_code(&mut self, via: Via<'_>, input: Typed<'_>) -> Result<Decision<Verification>, Error> {
        let device = self.device();
        let ticket = match self.admit(via, self.code_gate(device)) {
            Ok(ticket) => ticket,
            Err(refusal) => return Ok(Decision::Keep(Verification::Refused(refusal))),
        };
        let detail = Detail { purpose: Some(via.purpose()), ..Detail::default() };
        match self.find(input)? {
            Found::Malformed => Ok(Decision::Keep(Verification::Refused(Refusal::MalformedCode))),
            Found::Accepted { factor, method, claim } => {
                let now = self.now;
                self.account.factor_mut(factor).ok_or(Error::Unreadable)?.claim(claim, now);
                self.account.guard.code_accepted();
                // On the way, whatever an older key sealed: this save is due anyway.
                self.reseal(&mut SweepProgress::start(self.vault))?;
                let drift = claim.drift();
                let detail = Detail { factor: Some(factor), method: Some(method), drift, ..detail };
                self.note(EventKind::CodeAccepted, detail)?;
                Ok(Decision::Save(self.accepted(via, ticket, Some(factor), method)))
            }
            Found::Replayed(factor, method) => {
                // Pressing the button twice costs the ticket an answer, the account nothing.
                let detail = Detail { factor: Some(factor), method: Some(method), ..detail };
                self.note(EventKind::CodeReplayed, detail)?;
                Ok(Decision::Save(self.refused(ticket, self.code_gate(device))))
            }
            Found::Wrong => {
                self.note(EventKind::CodeRefused, detail)?;
                let known = device.and_then(|index| self.account.devices.get_mut(index));
                let charged = self.account.guard.charge_code(self.policy, self.now, known);
                if device.is_none() {
                    self.strike()?;
                }
                self.note_charge(charged)?;
                Ok(Decision::Save(self.refused(ticket, self.code_gate(device))))
            }
        }
    }

    /// Whether a backup code is worth a slow hash. Nothing is changed.
    pub(crate) fn preview_backup_code(&self, via: Via<'_>) -> Result<BackupPreview, Error> {
        Ok(match self.admit(via, self.backup_gate(self.device())) {
            Err(refusal) => BackupPreview::Refused(refusal),
            Ok(_) => BackupPreview::Hash(match &self.account.backup {
                Some(set) => set.digester()?,
                // A user with none is answered as slowly as one with ten.
                None => Digester::decoy(self.policy.backup_codes()),
            }),
        })
    }

    /// Looks at a backup code whose slow hash has been made.
    pub(crate) fn verify_backup_code(
        &mut self,
        via: Via<'_>,
        digest: &Digest,
    ) -> Result<Decision<Verification>, Error> {
        let device = self.device();
        let ticket = match self.admit(via, self.backup_gate(device)) {
            Ok(ticket) => ticket,
            Err(refusal) => return Ok(Decision::Keep(Verification::Refused(refusal))),
        };
        let method = Some(Method::BackupCode);
        let detail = || Detail { method, purpose: Some(via.purpose()), ..Detail::default() };
        let locked = matches!(self.code_gate(device), Gate::Locked { .. });
        let burnt = self.account.backup.as_mut().map_or(Ok(false), |set| set.burn(digest))?;
        if burnt {
            self.note(EventKind::BackupCodeUsed, detail())?;
            if self.account.guard.unlock(self.now) {
                self.note(EventKind::Unlocked, detail())?;
            }
            return Ok(Decision::Save(self.accepted(via, ticket, None, Method::BackupCode)));
        }
        self.note(EventKind::BackupCodeRefused, detail())?;
        if locked {
            self.account.guard.charge_recovery(self.policy, self.now);
        } else {
            let known = device.and_then(|index| self.account.devices.get_mut(index));
            let charged = self.account.guard.charge_code(self.policy, self.now, known);
            self.note_charge(charged)?;
        }
        Ok(Decision::Save(self.refused(ticket, self.backup_gate(device))))
    }

    /// The open ticket of `kind` that `token` is.
    pub(crate) fn ticket(&self, token: &BearerToken, kind: TicketKind) -> Option<usize> {
        let hashes = token.hashes(self.vault);
        let fits = |ticket: &crate::account::OpenTicket| {
            ticket.kind == kind && self.now < ticket.expires_at && ticket.id.is_among(&hashes)
        };
        self.account.tickets.iter().position(fits)
    }

    /// Whether a code is looked at.
    fn code_gate(&self, device: Option<usize>) -> Gate {
        if self.account.is_struck_out(self.policy) {
            return Gate::Locked { retry_after: None };
        }
        self.account.guard.for_code(self.policy, self.now, self.known(device))
    }

    /// Whether a backup code is looked at: like a code, and while codes are locked from a small budget of its own.
    fn backup_gate(&self, device: Option<usize>) -> Gate {
        match self.code_gate(device) {
            Gate::Locked { .. } => self.account.guard.for_recovery(self.policy, self.now),
            gate => gate,
        }
    }

    fn known(&self, device: Option<usize>) -> Option<&Device> {
        device.and_then(|index| self.account.devices.get(index))
    }

    /// Whether the answer is looked at, and on which ticket.
    ///
    /// A spent budget and a lock come before a ticket that is used up: its holder is past the password, and is told what
    /// to wait for.
    fn admit(&self, via: Via<'_>, gate: Gate) -> Result<Option<usize>, Refusal> {
        let ticket = match via {
            Via::Session(_) => None,
            // The record that should hold the ticket is gone: there is nothing left to answer to.
            Via::Ticket(_) if !self.recorded => return Err(Refusal::Locked { retry_after: None }),
            Via::Ticket(token) => Some(self.ticket(token, TicketKind::SignIn).ok_or(Refusal::TicketInvalid)?),
        };
        if !self.account.has_live_factor() {
            return Err(if ticket.is_some() { Refusal::TicketInvalid } else { Refusal::NotEnabled });
        }
        match gate {
            Gate::Spent { retry_after } => Err(Refusal::BudgetSpent { retry_after }),
            Gate::Locked { retry_after } => Err(Refusal::Locked { retry_after }),
            Gate::Open { .. } => match ticket {
                Some(index) if self.account.tickets[index].answers_left == 0 => Err(Refusal::TicketInvalid),
                ticket => Ok(ticket),
            },
        }
    }

    /// Compares a code with every live factor; how long that takes does not tell which one it was.
    fn find(&self, input: Typed<'_>) -> Result<Found, Error> {
        let mut found = Found::Malformed;
        for factor in self.account.factors.iter().filter(|factor| !self.policy.is_struck_out(factor.strikes)) {
            let check = match input {
                Typed::Code(code) => factor.check(self.vault, self.user, code, self.now, self.policy)?,
                Typed::Run(first, second) => factor.resync(self.vault, self.user, first, second)?,
            };
            found = match (check, found) {
                (_, accepted @ Found::Accepted { .. }) => accepted,
                (Check::Accepted(claim), _) => Found::Accepted { factor: factor.id, method: factor.method(), claim },
                (Check::Replayed, _) => Found::Replayed(factor.id, factor.method()),
                (_, replayed @ Found::Replayed(..)) => replayed,
                (Check::Wrong, _) => Found::Wrong,
                (Check::Malformed, found) => found,
            };
        }
        Ok(found)
    }

    /// Redeems the ticket and makes the proof. The caller saves before anybody sees it.
    fn accepted(
        &mut self,
        via: Via<'_>,
        ticket: Option<usize>,
        factor: Option<FactorId>,
        method: Method,
    ) -> Verification {
        if let Some(index) = ticket {
            self.account.tickets.remove(index);
        }
        let epoch = self.account.epoch;
        Verification::Accepted {
            proof: SecondFactorProof::new(self.user.clone(), factor, method, via.purpose(), self.now, epoch),
            backup_codes_left: self.account.backup_codes_left(),
        }
    }

    /// Takes an answer from the ticket and says how many of this kind are left: of everything that the next one would
    /// have to pass.
    fn refused(&mut self, ticket: Option<usize>, next: Gate) -> Verification {
        let mut attempts_left = match next {
            Gate::Open { left } => left,
            Gate::Spent { .. } | Gate::Locked { .. } => 0,
        };
        if let Some(ticket) = ticket.and_then(|index| self.account.tickets.get_mut(index)) {
            ticket.answers_left = ticket.answers_left.saturating_sub(1);
            attempts_left = attempts_left.min(ticket.answers_left);
        }
        Verification::Refused(Refusal::WrongCode { attempts_left })
    }

    /// Marks every live factor: the code was wrong for each of them. One that has had its fill answers no more, whatever
    /// has been right between.
    fn strike(&mut self) -> Result<(), Error> {
        let policy = self.policy;
        let mut struck_out: Vec<Detail> = Vec::new();
        for factor in self.account.factors.iter_mut().filter(|factor| !policy.is_struck_out(factor.strikes)) {
            factor.strikes = factor.strikes.saturating_add(1);
            if policy.is_struck_out(factor.strikes) {
                struck_out.push(Detail { factor: Some(factor.id), method: Some(factor.method()), ..Detail::default() });
            }
        }
        for detail in struck_out {
            self.note(EventKind::FactorStruckOut, detail)?;
        }
        Ok(())
    }

    fn note_charge(&mut self, charged: Charged) -> Result<(), Error> {
        let Charged { locked, disabled, noticed } = charged;
        let events = [
            (locked, EventKind::Locked),
            (disabled, EventKind::DisabledByFailures),
            (noticed, EventKind::RepeatedFailures),
        ];
        for (_, kind) in events.into_iter().filter(|(happened, _)| *happened) {
            self.note(kind, Detail::default())?;
        }
        Ok(())
    }
}

impl Via<'_> {
    const fn purpose(self) -> Purpose {
        match self {
            Self::Ticket(_) => Purpose::SignIn,
            Self::Session(purpose) => purpose,
        }
    }
}
