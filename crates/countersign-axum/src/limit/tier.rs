use std::{fmt, str::FromStr};

use countersign_rate_limit::Quota;

use super::{RoutePattern, TierFault};

/// One limit that some routes share: `signup 20/1h by address: POST /register`.
///
/// As text it is a name, a [`Quota`], maybe how it is counted (`fixed` or `sliding`), maybe `by address` or `by user`, a
/// colon, and [routes](RoutePattern) with commas between. Nothing said means `fixed`, `by address`.
#[derive(Clone, PartialEq, Eq)]
pub struct LimitTier {
    name: String,
    quota: Quota,
    by: LimitBy,
    routes: Vec<RoutePattern>,
}

/// Whom a tier counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LimitBy {
    /// Client addresses: single IPv4 ones, the /64 of IPv6 ones.
    #[default]
    Address,
    /// Accounts, wherever they are signed in; where nobody is, client addresses.
    User,
}

impl LimitTier {
    /// The longest name, in bytes: lower-case letters, digits and dashes, a letter first.
    pub const MAX_NAME: usize = 32;
    /// The most routes of one tier.
    pub const MAX_ROUTES: usize = 64;

    /// Its name, which tells its counts and its headers from those of others.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How much in how long.
    #[must_use]
    pub const fn quota(&self) -> Quota {
        self.quota
    }

    /// Whom it counts.
    #[must_use]
    pub const fn by(&self) -> LimitBy {
        self.by
    }

    /// The routes that share it.
    #[must_use]
    pub fn routes(&self) -> &[RoutePattern] {
        &self.routes
    }
}

impl FromStr for LimitTier {
    type Err = TierFault;

    fn from_str(text: &str) -> Result<Self, TierFault> {
        let (limit, routes) = text.split_once(':').ok_or(TierFault::NoRoutes)?;
        let mut words = limit.split_whitespace();
        let name = words.next().filter(|name| is_name(name)).ok_or(TierFault::Name)?.to_owned();
        let amount = words.next().filter(|amount| amount.contains('/')).ok_or(TierFault::Quota)?;
        let rest: Vec<&str> = words.collect();
        let (shape, by) = match *rest.as_slice() {
            [] => ("fixed", LimitBy::Address),
            [shape] => (shape, LimitBy::Address),
            ["by", who] => ("fixed", by(who)?),
            [shape, "by", who] => (shape, by(who)?),
            _ => return Err(TierFault::Word),
        };
        if !matches!(shape, "fixed" | "sliding") {
            return Err(TierFault::Word);
        }
        let quota = format!("{amount} {shape}").parse().map_err(|_| TierFault::Quota)?;
        let mut patterns: Vec<RoutePattern> = Vec::new();
        for route in routes.split(',').map(str::trim) {
            let wrong = |what| TierFault::Route { route: route.to_owned(), what };
            let pattern = route.parse().map_err(wrong)?;
            if patterns.contains(&pattern) {
                return Err(wrong("is there twice"));
            }
            patterns.push(pattern);
        }
        if patterns.len() > Self::MAX_ROUTES {
            return Err(TierFault::TooManyRoutes);
        }
        Ok(Self { name, quota, by, routes: patterns })
    }
}

impl fmt::Display for LimitTier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = if self.by == LimitBy::User { "user" } else { "address" };
        write!(f, "{} {} by {by}:", self.name, self.quota)?;
        for (at, route) in self.routes.iter().enumerate() {
            write!(f, "{}{route}", if at == 0 { " " } else { ", " })?;
        }
        Ok(())
    }
}

impl fmt::Debug for LimitTier {
    /// As its text: for whoever looks at the settings.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn by(who: &str) -> Result<LimitBy, TierFault> {
    match who {
        "address" => Ok(LimitBy::Address),
        "user" => Ok(LimitBy::User),
        _ => Err(TierFault::Word),
    }
}

fn is_name(name: &str) -> bool {
    name.len() <= LimitTier::MAX_NAME
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
