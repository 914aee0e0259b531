use countersign_backup_codes::CodeSet;
use countersign_otp::{Algorithm, Hotp, KeyUri, Secret, Totp};

use super::{
    Decision, Turn,
    token::{BearerToken, ends},
};
use crate::{
    Beginning, Enrolment, Error, FactorId, Hint, History, NewFactor, Purpose, Refusal, SecondFactorProof,
    account::{
        BackupSet, Check, Claim, Credential, Factor, Gate, HotpFactor, Pending, Standing, TicketKind, TotpFactor,
        secret_context,
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

/// The kinds of factor that are enrolled by showing a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Totp,
    Hotp,
}

/// The set of backup codes that a confirmation puts in place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FreshCodes<'a>(pub(crate) &'a CodeSet);

/// What the right code for a pending factor is worth.
#[derive(Debug)]
pub(crate) struct Confirmed {
    pub(crate) factor: FactorId,
    pub(crate) proof: SecondFactorProof,
}

/// A confirmation: done, worth its backup codes, or refused.
pub(crate) type Confirming = Result<Option<Confirmed>, Refusal>;

impl Turn<'_> {
    /// Puts a pending factor beside whatever is live, in the place of an older pending one of its kind.
    pub(crate) fn begin(
        &mut self,
        by: &Enrolling<'_>,
        kind: Kind,
        issuer: &str,
        new: &NewFactor<'_>,
    ) -> Result<Decision<Beginning>, Error> {
        if let Err(refusal) = self.may_enrol(by) {
            return Ok(Decision::Keep(Beginning::Refused(refusal)));
        }
        let digits = new.digits.unwrap_or(self.policy.digits());
        let algorithm = new.algorithm.unwrap_or(match kind {
            Kind::Totp => self.policy.algorithm(),
            // RFC 4226 knows no other.
            Kind::Hotp => Algorithm::Sha1,
        });
        let id = FactorId::generate(&mut self.random).map_err(|_| Error::Randomness)?;
        let secret = Secret::generate(&mut self.random, algorithm).map_err(|_| Error::Randomness)?;
        let place = id.to_string();
        let context = secret_context(self.user, &place);
        let sealed = self.vault.seal(&context, secret.expose_bytes(), &mut self.random).map_err(|_| Error::Seal)?;
        let base32 = SecretText::new(secret.to_base32().expose());
        let (credential, period, uri) = match kind {
            Kind::Totp => {
                let period = self.policy.period();
                let totp = Totp::new(secret).digits(digits).algorithm(algorithm).period(period);
                let factor = TotpFactor::new(sealed, digits, period, algorithm);
                (Credential::Totp(factor), Some(period), KeyUri::totp(&totp, issuer, new.account))
            }
            Kind::Hotp => {
                let hotp = Hotp::new(secret).digits(digits).algorithm(algorithm);
                let factor = HotpFactor::new(sealed, digits, algorithm, 0);
                (Credential::Hotp(factor), None, KeyUri::hotp(&hotp, 0, issuer, new.account))
            }
        };
        let uri = SecretText::new(uri.map_err(|_| Error::Label)?.expose().expose());
        let expires_at = ends(self.now, self.policy.pending_lasts());
        let factor = Factor {
            id,
            name: new.name.map_or_else(|| self.default_name(), str::to_owned),
            created_at: self.now,
            last_used_at: None,
            strikes: 0,
            credential,
        };
        let method = factor.method();
        self.account.pending.retain(|pending| pending.factor.method() != method);
        self.account.pending.push(Pending { factor, expires_at });
        let detail = Detail { factor: Some(id), method: Some(method), ..Detail::default() };
        self.note(EventKind::EnrolmentBegun, detail)?;
        Ok(Decision::Save(Beginning::Begun(Box::new(Enrolment {
            factor_id: id,
            secret: base32,
            uri,
            digits,
            period,
            algorithm,
            expires_at,
        }))))
    }

    /// Looks at the code for a pending factor: the one that is named, or the one begun last. With `codes` at hand a right
    /// code turns it live.
    ///
    /// Without them it only says whether making them is worth the slow hashes: then a right code changes nothing yet.
    pub(crate) fn confirm(
        &mut self,
        ticket: Option<&BearerToken>,
        factor: Option<FactorId>,
        input: &str,
        codes: Option<FreshCodes<'_>>,
    ) -> Result<Decision<Confirming>, Error> {
        if ticket.is_some_and(|token| self.ticket(token, TicketKind::Setup).is_none()) {
            return Ok(Decision::Keep(Err(Refusal::TicketInvalid)));
        }
        let named = |pending: &Pending| factor.is_none_or(|id| id == pending.factor.id);
        let Some(index) = self.account.pending.iter().rposition(named) else {
            return Ok(Decision::Keep(Err(Refusal::NothingPending)));
        };
        let allowance = self.policy.answers();
        if let Gate::Spent { retry_after } = self.account.guard.enrolment.gate(allowance, self.now) {
            return Ok(Decision::Keep(Err(Refusal::BudgetSpent { retry_after })));
        }
        let pending = &self.account.pending[index].factor;
        let hint = match pending.check(self.vault, self.user, input, self.now, self.policy)? {
            Check::Accepted(claim) => {
                return match codes {
                    Some(codes) => self.turn_live(index, claim, codes).map(|live| Decision::Save(Ok(Some(live)))),
                    None => Ok(Decision::Keep(Ok(None))),
                };
            }
            check => (check, pending.hint(self.vault, self.user, input, self.now, self.policy)?),
        };
        if let (Check::Malformed, None) = hint {
            return Ok(Decision::Keep(Err(Refusal::MalformedCode)));
        }
        let detail = Detail { factor: Some(pending.id), method: Some(pending.method()), ..Detail::default() };
        self.enrolment_refused(detail, allowance, hint.1).map(|refusal| Decision::Save(Err(refusal)))
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

    fn turn_live(&mut self, index: usize, claim: Claim, FreshCodes(codes): FreshCodes<'_>) -> Result<Confirmed, Error> {
        let now = self.now;
        let account = &mut self.account;
        let mut factor = account.pending.remove(index).factor;
        factor.claim(claim, now);
        factor.created_at = now;
        let (id, method) = (factor.id, factor.method());
        account.factors.push(factor);
        account.standing = Standing::Enabled;
        account.enabled_at.get_or_insert(now);
        account.backup = Some(BackupSet::new(codes, now)?);
        account.raise_epoch(now);
        let epoch = account.epoch;
        let detail = Detail { factor: Some(id), method: Some(method), ..Detail::default() };
        self.note(EventKind::FactorAdded, detail)?;
        let proof = SecondFactorProof::new(self.user.clone(), Some(id), method, Purpose::SignIn, now, epoch);
        Ok(Confirmed { factor: id, proof })
    }

    fn enrolment_refused(
        &mut self,
        detail: Detail,
        allowance: Allowance,
        hint: Option<Hint>,
    ) -> Result<Refusal, Error> {
        self.account.guard.enrolment.charge(allowance, self.now);
        self.note(EventKind::EnrolmentRefused, detail)?;
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
