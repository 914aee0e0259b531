#![doc = include_str!("../README.md")]

mod address;
mod caller;
pub mod flow;
mod handle;
mod host;
mod json;
mod limit;
mod problem;
mod refusal;
pub mod refusals;
mod reply;
mod requester;
mod routes;
mod time;
mod verified;

pub use address::{
    ClientAddress, ClientNetwork, MaybeClientAddress, ParseProxiesError, TrustedProxies, client_address,
};
pub use caller::Caller;
pub use handle::Handle;
pub use host::Host;
pub use json::{BODY_LIMIT, SecretField, StrictJson};
pub use limit::{
    AddressLimit, LimitBy, LimitTier, LimitTiers, ParseTiersError, RouteLimits, RoutePattern, TierFault,
    limit_by_address, limit_by_route,
};
pub use problem::{ACR_FIRST_FACTOR, ACR_SECOND_FACTOR, Problem, ProblemBody};
pub use reply::Reply;
pub use requester::{DEVICE_COOKIE, Requester};
pub use routes::{factors, router, second_step};
pub use time::rfc3339;
pub use verified::{FreshTwoFactor, STEP_UP_MAX_AGE, TwoFactorVerified, TwoFactorWithin, require_two_factor};
