use countersign_vault::Purpose as Seal;

use super::{
    Decision, Turn,
    token::{TokenKind, ends, issue},
};
use crate::{
    Challenge, Error, History, Method, Purpose, SetupTicket, Ticket,
    account::{OpenTicket, Standing, TicketKind},
    event::{Detail, EventKind},
    secret_text::SecretText,
};

impl Turn<'_> {
    /// What follows on a right first factor.
    ///
    /// A ticket is given while the budget is spent or the account locked, and for a record that should be there and is
    /// not: only whoever answers learns how things stand.
    pub(crate) fn after_first_factor(&mut self, history: History) -> Result<Decision<Challenge>, Error> {
        if !self.recorded && history == History::Enrolled {
            let issued = issue(self.vault, TokenKind::Ticket, self.user, &mut self.random)?;
            return Ok(Decision::Keep(Challenge::Ticket(Ticket {
                token: issued.text,
                methods: vec![Method::BackupCode],
                expires_at: ends(self.now, self.policy.ticket_lasts()),
            })));
        }
        if self.account.has_live_factor() {
            return self.open_ticket();
        }
        if self.account.standing == Standing::Enabled {
            // Enabled and without a factor is no state that any decision leads to.
            return Err(Error::Unreadable);
        }
        if !self.account.is_required(self.policy, self.now) {
            return Ok(Decision::Keep(Challenge::NotDue { epoch: self.account.epoch }));
        }
        let expires_at = ends(self.now, self.policy.setup_lasts());
        let token = self.add_ticket(TicketKind::Setup, expires_at)?;
        Ok(Decision::Save(Challenge::SetupRequired(SetupTicket { token, expires_at })))
    }

    fn open_ticket(&mut self) -> Result<Decision<Challenge>, Error> {
        let expires_at = ends(self.now, self.policy.ticket_lasts());
        let token = self.add_ticket(TicketKind::SignIn, expires_at)?;
        self.note(EventKind::ChallengeOpened, Detail { purpose: Some(Purpose::SignIn), ..Detail::default() })?;
        let mut methods = Vec::new();
        if !self.account.guard.is_disabled() && !self.account.is_struck_out(self.policy) {
            for factor in &self.account.factors {
                if !methods.contains(&factor.method()) {
                    methods.push(factor.method());
                }
            }
        }
        if self.account.backup_codes_left() > 0 {
            methods.push(Method::BackupCode);
        }
        Ok(Decision::Save(Challenge::Ticket(Ticket { token, methods, expires_at })))
    }

    fn add_ticket(&mut self, kind: TicketKind, expires_at: countersign_clock::Timestamp) -> Result<SecretText, Error> {
        let issued = issue(self.vault, TokenKind::Ticket, self.user, &mut self.random)?;
        let network = self.network();
        let tickets = &mut self.account.tickets;
        crate::account::make_room(tickets, self.policy.open_tickets(), network.as_deref());
        tickets.push(OpenTicket {
            id: issued.hash,
            kind,
            answers_left: self.policy.ticket_answers(),
            opened_at: self.now,
            expires_at,
            network,
        });
        Ok(issued.text)
    }

    /// Keyed hash of the client's network: all of an IPv4 /24 or an IPv6 /64 are one.
    fn network(&self) -> Option<String> {
        let prefix: Vec<u8> = match self.client.address?.to_canonical() {
            std::net::IpAddr::V4(address) => address.octets()[..3].to_vec(),
            std::net::IpAddr::V6(address) => address.octets()[..8].to_vec(),
        };
        Some(self.vault.lookup_hash(Seal::ADDRESS, &prefix).to_string())
    }
}
