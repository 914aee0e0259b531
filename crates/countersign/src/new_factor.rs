use countersign_otp::{Algorithm, Digits};
use countersign_store::UserId;

use crate::{History, SecondFactorProof};

/// What a new factor is to be like. What is left out is as the policy says.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewFactor<'a> {
    /// What the authenticator shows beside the code: the user's address, or whatever they know themselves by.
    pub account: &'a str,
    /// The name its owner knows it by.
    pub name: Option<&'a str>,
    /// Digits of a code.
    pub digits: Option<Digits>,
    /// The hash under the code.
    pub algorithm: Option<Algorithm>,
}

/// On whose word a factor is added.
#[derive(Debug)]
pub enum Authority<'a> {
    /// A set-up ticket's, as [`after_first_factor`](crate::TwoFactor::after_first_factor) gave it.
    Ticket(&'a str),
    /// The host's, who has **just** checked this user's first factor. Only where no second factor is live, nor should be.
    FirstFactor {
        /// Who.
        user: &'a UserId,
        /// What the host remembers of them.
        history: History,
    },
    /// A live factor's, of purpose [`Manage`](crate::Purpose::Manage).
    Proof(SecondFactorProof),
}

/// Who confirms a pending factor.
#[derive(Clone, Copy, Debug)]
pub enum Enroller<'a> {
    /// The holder of a set-up ticket. It dies with the confirmation.
    Ticket(&'a str),
    /// A user with a session that the host vouches for.
    User(&'a UserId),
}
