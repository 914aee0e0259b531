use countersign_backup_codes::CodeSet;
use countersign_otp::{KeyUri, Secret, Totp};

use super::{
    Decision, Turn,
    token::{BearerToken, ends},
};
use crate::{
    Beginning, Enrolment, Error, FactorId, Hint, History, Method, NewTotp, Purpose, Refusal, SecondFactorProof,
    account::{
        BackupSet, Check, Claim, Credential, Factor, Gate, Pending, Standing, TicketKind, TotpFactor, secret_context,
    },
    event::{Detail, EventKind},
    policy::Allowance,
    secret_text::SecretText,
};

/// On whose word a factor may be added.
#[derive(Debug)]
pub(crate) enum Enrolling<'a> {
    /// A set-up ticket's.
    Ticket(&'a BearerToken),
    /// The host's, who has just checked the first factor. Only where no factor lives, nor should.
    FirstFactor(History),
    /// A live factor's.
    Proof(&'a SecondFactorProof),
}

/// The set of backup codes that a confirmation puts in place.
#[derive(Debug)]
pub(crate) struct FreshCodes(pub(crate) CodeSet);

/// What the right code for a pending factor is worth.
#[derive(Debug)]
pub(crate) struct Confirmed {
    pub(crate) factor: FactorId,
    pub(crate) proof: SecondFactorProof,
}

impl Turn<'_> {
    /// Puts a pending factor beside whatever is live.
    pub(crate) fn begin_totp(
        &mut self,
        by: &Enrolling<'_>,
        issuer: &str,
        new: &NewTotp<'_>,
    ) -> Result<Decision<Beginning>, Error> {
        if let Err(refusal) = self.may_enrol(by) {
            return Ok(Decision::Keep(Beginning::Refused(refusal)));
        }
        let digits = new.digits.unwrap_or(self.policy.digits());
        let algorithm = new.algorithm.unwrap_or(self.policy.algorithm());
        let period = self.policy.period();
        let id = FactorId::generate(&mut self.random).map_err(|_| Error::Randomness)?;
        let secret = Secret::generate(&mut self.random, algorithm).map_err(|_| Error::Randomness)?;
        let sealed = self
            .vault
            .seal(&secret_context(self.user, &id.to_string()), secret.expose_bytes(), &mut self.random)
            .map_err(|_| Error::Seal)?;
        let base32 = SecretText::new(secret.to_base32().expose());
        let totp = Totp::new(secret).digits(digits).algorithm(algorithm).period(period);
        let uri = KeyUri::totp(&totp, issuer, new.account).map_err(|_| Error::Label)?.expose();
        let expires_at = ends(self.now, self.policy.pending_lasts());
        self.account.pending = Some(Pending {
            factor: Factor {
                id,
                name: new.name.map_or_else(|| self.default_name(), str::to_owned),
                created_at: self.now,
                last_used_at: None,
                strikes: 0,
                credential: Credential::Totp(TotpFactor::new(sealed, digits, period, algorithm)),
            },
            expires_at,
        });
        self.note(
            EventKind::EnrolmentBegun,
            Detail { factor: Some(id), method: Some(Method::Totp), ..Detail::default() },
        )?;
        Ok(Decision::Save(Beginning::Begun(Box::new(Enrolment {
            factor_id: id,
            secret: base32,
            uri: SecretText::new(uri.expose()),
            digits,
            period,
            algorithm,
            expires_at,
        }))))
    }

    /// Looks at the code for the pending factor; with `codes` at hand a right one turns it live.
    ///
    /// Without them it only says whether making them is worth the slow hashes: then a right code changes nothing yet.
    pub(crate) fn confirm_totp(
        &mut self,
        ticket: Option<&BearerToken>,
        factor: Option<FactorId>,
        input: &str,
        codes: Option<FreshCodes>,
    ) -> Result<Decision<Result<Option<Confirmed>, Refusal>>, Error> {
        if ticket.is_some_and(|token| self.ticket(token, TicketKind::Setup).is_none()) {
            return Ok(Decision::Keep(Err(Refusal::TicketInvalid)));
        }
        let Some(pending) = self.account.pending.take_if(|pending| factor.is_none_or(|id| id == pending.factor.id))
        else {
            return Ok(Decision::Keep(Err(Refusal::NothingPending)));
        };
        let allowance = self.policy.answers();
        if let Gate::Spent { retry_after } = self.account.guard.enrolment.gate(allowance, self.now) {
            self.account.pending = Some(pending);
            return Ok(Decision::Keep(Err(Refusal::BudgetSpent { retry_after })));
        }
        let id = pending.factor.id;
        let check = pending.factor.check(self.vault, self.user, input, self.now, self.policy)?;
        let hint = match check {
            Check::Accepted(_) => None,
            _ => pending.factor.hint(self.vault, self.user, input, self.now, self.policy)?,
        };
        match check {
            Check::Accepted(claim) => match codes {
                Some(codes) => self.turn_live(pending.factor, claim, codes).map(|live| Decision::Save(Ok(Some(live)))),
                None => {
                    self.account.pending = Some(pending);
                    Ok(Decision::Keep(Ok(None)))
                }
            },
            Check::Malformed if hint.is_none() => {
                self.account.pending = Some(pending);
                Ok(Decision::Keep(Err(Refusal::MalformedCode)))
            }
            Check::Malformed | Check::Wrong | Check::Replayed => {
                self.account.pending = Some(pending);
                self.enrolment_refused(id, allowance, hint).map(|refusal| Decision::Save(Err(refusal)))
            }
        }
    }

    fn may_enrol(&self, by: &Enrolling<'_>) -> Result<(), Refusal> {
        match by {
            Enrolling::Proof(proof) => self.check_proof(proof, Purpose::Manage)?,
            Enrolling::Ticket(token) => {
                self.ticket(token, TicketKind::Setup).ok_or(Refusal::TicketInvalid)?;
                self.nothing_lives()?;
            }
            Enrolling::FirstFactor(history) => {
                if !self.recorded && *history == History::Enrolled {
                    return Err(Refusal::ProofRequired);
                }
                self.nothing_lives()?;
            }
        }
        if self.account.factors.len() >= self.policy.factors() { Err(Refusal::TooManyFactors) } else { Ok(()) }
    }

    /// Never by omission: where a factor lives, or was disabled by failures, its own word is needed.
    fn nothing_lives(&self) -> Result<(), Refusal> {
        let free = !self.account.has_live_factor() && self.account.standing != Standing::Enabled;
        if free { Ok(()) } else { Err(Refusal::ProofRequired) }
    }

    fn turn_live(
        &mut self,
        mut factor: Factor,
        claim: Claim,
        FreshCodes(codes): FreshCodes,
    ) -> Result<Confirmed, Error> {
        let id = factor.id;
        factor.claim(claim, self.now);
        factor.created_at = self.now;
        let account = &mut self.account;
        account.factors.push(factor);
        account.standing = Standing::Enabled;
        account.enabled_at.get_or_insert(self.now);
        account.backup = Some(BackupSet { codes, generated_at: self.now });
        account.raise_epoch(self.now);
        let epoch = account.epoch;
        self.note(
            EventKind::FactorAdded,
            Detail { factor: Some(id), method: Some(Method::Totp), ..Detail::default() },
        )?;
        let proof = SecondFactorProof::new(self.user.clone(), Some(id), Method::Totp, Purpose::SignIn, self.now, epoch);
        Ok(Confirmed { factor: id, proof })
    }

    fn enrolment_refused(&mut self, id: FactorId, allowance: Allowance, hint: Option<Hint>) -> Result<Refusal, Error> {
        self.account.guard.enrolment.charge(allowance, self.now);
        self.note(
            EventKind::EnrolmentRefused,
            Detail { factor: Some(id), method: Some(Method::Totp), ..Detail::default() },
        )?;
        let attempts_left = match self.account.guard.enrolment.gate(allowance, self.now) {
            Gate::Open { left } => left,
            Gate::Spent { .. } | Gate::Locked { .. } => 0,
        };
        Ok(match hint {
            None => Refusal::WrongCode { attempts_left },
            Some(hint) => Refusal::OtherParameters { attempts_left, hint },
        })
    }

    fn default_name(&self) -> String {
        match self.account.factors.len() {
            0 => "Authenticator".to_owned(),
            n => format!("Authenticator {}", n + 1),
        }
    }
}
