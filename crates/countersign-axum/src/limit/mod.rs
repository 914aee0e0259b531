mod by_address;
mod by_route;
mod charge;
mod pattern;
mod tier;
mod tiers;

pub use by_address::{AddressLimit, limit_by_address};
pub use by_route::{RouteLimits, limit_by_route};
pub use pattern::RoutePattern;
pub use tier::{LimitBy, LimitTier};
pub use tiers::{LimitTiers, ParseTiersError, TierFault};
