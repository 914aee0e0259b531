use std::{fmt, str::FromStr};

use http::Method;

use super::{LimitTier, RoutePattern};

/// Limits by route, each with a name: [tiers](LimitTier) with semicolons or line ends between.
///
/// ```
/// use countersign_axum::LimitTiers;
///
/// let tiers: LimitTiers = "signup 20/1h: POST /register; codes 10/1m sliding by user: POST /2fa/*".parse()?;
/// assert_eq!(tiers.iter().count(), 2);
/// # Ok::<(), countersign_axum::ParseTiersError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LimitTiers(Vec<LimitTier>);

impl LimitTiers {
    /// The longest text that is looked at, in bytes.
    pub const MAX_TEXT: usize = 16 * 1024;
    /// The most tiers.
    pub const MAX_TIERS: usize = 16;

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tiers, in the order they are charged.
    pub fn iter(&self) -> impl Iterator<Item = &LimitTier> {
        self.0.iter()
    }

    /// The first route that is none of those that the application `has`, and the tier it is in: a limit that would
    /// never hold.
    pub fn unknown_route(&self, has: impl Fn(&RoutePattern) -> bool) -> Option<(&LimitTier, &RoutePattern)> {
        let routes = self.0.iter().flat_map(|tier| tier.routes().iter().map(move |route| (tier, route)));
        let mut unknown = routes.filter(|(_, route)| !has(route));
        unknown.next()
    }

    /// The tiers that a request of this route is charged to.
    pub(super) fn of(&self, method: &Method, template: &str) -> impl Iterator<Item = &LimitTier> {
        self.0.iter().filter(move |tier| tier.routes().iter().any(|route| route.contains(method, template)))
    }
}

impl FromStr for LimitTiers {
    type Err = ParseTiersError;

    fn from_str(text: &str) -> Result<Self, ParseTiersError> {
        let whole = |fault| ParseTiersError { tier: String::new(), fault };
        if text.len() > Self::MAX_TEXT {
            return Err(whole(TierFault::TooLong));
        }
        let mut tiers: Vec<LimitTier> = Vec::new();
        for part in text.split([';', '\n']).map(str::trim).filter(|part| !part.is_empty()) {
            let named = |fault| {
                let name = part.split([':', ' ']).next().unwrap_or("").chars().take(LimitTier::MAX_NAME).collect();
                ParseTiersError { tier: name, fault }
            };
            let tier: LimitTier = part.parse().map_err(named)?;
            if tiers.iter().any(|known| known.name() == tier.name()) {
                return Err(named(TierFault::NameTwice));
            }
            tiers.push(tier);
            if tiers.len() > Self::MAX_TIERS {
                return Err(whole(TierFault::TooManyTiers));
            }
        }
        Ok(Self(tiers))
    }
}

impl fmt::Display for LimitTiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, tier) in self.0.iter().enumerate() {
            write!(f, "{}{tier}", if at == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

/// A list of tiers that cannot be used: which tier, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{fault}", if .tier.is_empty() { String::new() } else { format!("the tier {:?} ", .tier) })]
pub struct ParseTiersError {
    tier: String,
    fault: TierFault,
}

/// What is wrong with a tier, or with the list of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TierFault {
    /// The list is longer than [`LimitTiers::MAX_TEXT`].
    #[error("more than {} bytes are not looked at", LimitTiers::MAX_TEXT)]
    TooLong,
    /// There are more than [`LimitTiers::MAX_TIERS`].
    #[error("there are more than {} tiers", LimitTiers::MAX_TIERS)]
    TooManyTiers,
    /// It does not begin with a name.
    #[error("does not begin with a name of lower-case letters, digits and dashes")]
    Name,
    /// An earlier one has its name.
    #[error("is there twice")]
    NameTwice,
    /// Its name is not followed by a limit.
    #[error("has no limit such as 10/1m after its name")]
    Quota,
    /// Something else stands between the limit and the colon.
    #[error("has something else than fixed or sliding, by address or by user before its colon")]
    Word,
    /// There is no colon with routes after it.
    #[error("names no routes after a colon")]
    NoRoutes,
    /// There are more than [`LimitTier::MAX_ROUTES`].
    #[error("names more than {} routes", LimitTier::MAX_ROUTES)]
    TooManyRoutes,
    /// One of its routes is none.
    #[error("names {route:?}, which {what}")]
    Route {
        /// The text.
        route: String,
        /// What is wrong with it.
        what: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use countersign_rate_limit::{Quota, Shape};

    use super::{super::LimitBy, *};

    #[test]
    fn each_tier_has_a_name_a_limit_and_routes() {
        let text = "signup 20/1h: POST /register, POST /api/register;\n codes 10/1m sliding by user: /2fa/* ;\n\nx-1 1/1s fixed by address:/a";
        let tiers: LimitTiers = text.parse().unwrap();
        let [signup, codes, x] = &tiers.0[..] else { panic!("{tiers:?}") };
        assert_eq!((signup.name(), signup.by()), ("signup", LimitBy::Address));
        assert_eq!(signup.quota(), Quota::new(20, Duration::from_secs(3600)).unwrap());
        assert_eq!(signup.routes().len(), 2);
        assert_eq!((codes.quota().counted(), codes.by()), (Shape::Sliding, LimitBy::User));
        assert_eq!((x.quota().counted(), x.by()), (Shape::FixedFromFirst, LimitBy::Address));
        let said = tiers.to_string();
        assert_eq!(
            said,
            "signup 20/1h by address: POST /register, POST /api/register; codes 10/1m sliding by user: /2fa/*; \
             x-1 1/1s by address: /a"
        );
        assert_eq!(said.parse(), Ok(tiers));
        assert!("".parse::<LimitTiers>().unwrap().is_empty());
    }

    #[test]
    fn each_kind_of_mistake_is_told_in_words_of_its_own() {
        for (text, told) in [
            ("Signup 20/1h: /a", "the tier \"Signup\" does not begin with a name"),
            ("1a 20/1h: /a", "the tier \"1a\" does not begin with a name"),
            (": /a", "does not begin with a name"),
            ("a 1/1m: /a; a 2/1m: /b", "the tier \"a\" is there twice"),
            ("a: /a", "the tier \"a\" has no limit"),
            ("a often: /a", "the tier \"a\" has no limit"),
            ("a 0/1m: /a", "the tier \"a\" has no limit"),
            ("a 5/1m softly: /a", "the tier \"a\" has something else"),
            ("a 5/1m by network: /a", "the tier \"a\" has something else"),
            ("a 5/1m by user sliding: /a", "the tier \"a\" has something else"),
            ("a 5/1m token-bucket: /a", "the tier \"a\" has something else"),
            ("a 5/1m", "the tier \"a\" names no routes"),
            ("a 5/1m:", "the tier \"a\" names \"\", which is no template"),
            ("a 5/1m: /a,", "the tier \"a\" names \"\", which is no template"),
            ("a 5/1m: login", "the tier \"a\" names \"login\", which is no template"),
            ("a 5/1m: FETCH /a", "the tier \"a\" names \"FETCH /a\", which begins with no method"),
            ("a 5/1m: /a, /a", "the tier \"a\" names \"/a\", which is there twice"),
        ] {
            let error = text.parse::<LimitTiers>().unwrap_err().to_string();
            assert!(error.starts_with(told), "{text:?}: {error}");
        }
    }

    #[test]
    fn there_are_bounds() {
        let tier = |n: usize| format!("t{n} 1/1m: /a;");
        let tiers = |n: usize| (0..n).map(tier).collect::<String>().parse::<LimitTiers>();
        assert!(tiers(LimitTiers::MAX_TIERS).is_ok());
        assert_eq!(tiers(LimitTiers::MAX_TIERS + 1).unwrap_err().fault, TierFault::TooManyTiers);
        let routes = |n: usize| {
            let routes: Vec<String> = (0..n).map(|n| format!("/{n}")).collect();
            format!("a 1/1m: {}", routes.join(",")).parse::<LimitTiers>()
        };
        assert!(routes(LimitTier::MAX_ROUTES).is_ok());
        assert_eq!(routes(LimitTier::MAX_ROUTES + 1).unwrap_err().fault, TierFault::TooManyRoutes);
        let long = format!("a 1/1m: /{}", "a".repeat(LimitTiers::MAX_TEXT));
        assert_eq!(long.parse::<LimitTiers>().unwrap_err().fault, TierFault::TooLong);
        assert!(format!("{} 1/1m: /a", "a".repeat(33)).parse::<LimitTiers>().is_err());
        assert!(format!("a 1/1m: /{}", "a".repeat(256)).parse::<LimitTiers>().is_err());
    }

    #[test]
    fn a_route_that_is_none_of_the_applications_is_found() {
        let tiers: LimitTiers = "a 1/1m: POST /a; b 1/1m: /a, POST /b".parse().unwrap();
        let has = |route: &RoutePattern| route.contains(&Method::POST, "/a");
        let (tier, route) = tiers.unknown_route(has).unwrap();
        assert_eq!((tier.name(), route.to_string().as_str()), ("b", "POST /b"));
        assert!(tiers.unknown_route(|_| true).is_none());
    }
}
