use countersign_clock::Timestamp;
use serde::{Deserialize, Serialize};

use super::TokenHash;

/// A ticket that was handed out and has not been redeemed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenTicket {
    pub(crate) id: TokenHash,
    pub(crate) kind: TicketKind,
    /// How many answers it is still good for. One that has none left stays until it expires, so that its holder learns
    /// that a budget is spent rather than that the ticket is unknown.
    pub(crate) answers_left: u32,
    pub(crate) opened_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    /// Keyed hash of the client's network, where it is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) network: Option<String>,
}

/// What a ticket opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TicketKind {
    SignIn,
    Setup,
}

/// Makes room for one more among `tickets`, of which there may be `most`.
///
/// Somebody with the password who opens one ticket after another drives out their own first, then the oldest.
pub(crate) fn make_room(tickets: &mut Vec<OpenTicket>, most: usize, network: Option<&str>) {
    while tickets.len() >= most.max(1) {
        let oldest = |pick: &dyn Fn(&OpenTicket) -> bool| {
            let candidates = tickets.iter().enumerate().filter(|(_, ticket)| pick(ticket));
            candidates.min_by_key(|(_, ticket)| ticket.opened_at).map(|(index, _)| index)
        };
        let index = oldest(&|ticket| network.is_some() && ticket.network.as_deref() == network)
            .or_else(|| oldest(&|_| true))
            .unwrap_or(0);
        tickets.remove(index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(id: &str, opened_at: u64, network: &str) -> OpenTicket {
        OpenTicket {
            id: id.into(),
            kind: TicketKind::SignIn,
            answers_left: 5,
            opened_at: Timestamp::from_secs(opened_at),
            expires_at: Timestamp::from_secs(opened_at + 300),
            network: Some(network.to_owned()),
        }
    }

    #[test]
    fn the_oldest_of_the_same_network_goes_first() {
        let mut tickets = vec![ticket("owner", 1, "home"), ticket("a", 2, "cafe"), ticket("b", 3, "cafe")];
        make_room(&mut tickets, 3, Some("cafe"));
        assert_eq!(tickets.iter().map(|t| t.id.clone()).collect::<Vec<_>>(), ["owner".into(), "b".into()]);
        make_room(&mut tickets, 2, Some("elsewhere"));
        assert_eq!(tickets.iter().map(|t| t.id.clone()).collect::<Vec<_>>(), ["b".into()]);
    }
}
