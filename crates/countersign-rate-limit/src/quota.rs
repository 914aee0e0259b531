use std::{fmt, str::FromStr, time::Duration};

use crate::LimitError;

/// How much in how long, and how that is counted.
///
/// As text: `5/15m`, `20/1h sliding`, `300/1m token-bucket`; the units are `s`, `m`, `h` and `d`, and a quota without a
/// shape is [`Shape::FixedFromFirst`].
///
/// ```
/// use countersign_rate_limit::{Quota, Shape};
/// use std::time::Duration;
///
/// let quota: Quota = "300/1m token-bucket".parse()?;
/// assert_eq!(quota, Quota::new(300, Duration::from_secs(60))?.shape(Shape::TokenBucket));
/// assert_eq!(Quota::new(5, Duration::from_secs(900))?.to_string(), "5/15m");
/// # Ok::<(), countersign_rate_limit::LimitError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quota {
    limit: u32,
    window_secs: u32,
    shape: Shape,
}

impl Quota {
    /// The highest limit.
    ///
    /// Limit times window in milliseconds stays below 2^53, so that every backend can count in whole numbers, Lua's
    /// floating point among them.
    pub const MAX_LIMIT: u32 = 100_000;
    /// The longest window: 366 days.
    pub const MAX_WINDOW: Duration = Duration::from_secs(366 * 86_400);

    /// At most `limit` in `window`, counted [from the first attempt](Shape::FixedFromFirst).
    ///
    /// # Errors
    /// [`LimitError::Invalid`] unless `limit` is from 1 to [`MAX_LIMIT`](Self::MAX_LIMIT) and `window` is whole seconds
    /// from 1 s to [`MAX_WINDOW`](Self::MAX_WINDOW).
    pub fn new(limit: u32, window: Duration) -> Result<Self, LimitError> {
        if !(1..=Self::MAX_LIMIT).contains(&limit) {
            return Err(LimitError::Invalid("limit of a quota"));
        }
        let whole = window.subsec_nanos() == 0 && !window.is_zero() && window <= Self::MAX_WINDOW;
        match u32::try_from(window.as_secs()) {
            Ok(window_secs) if whole => Ok(Self { limit, window_secs, shape: Shape::FixedFromFirst }),
            _ => Err(LimitError::Invalid("window of a quota")),
        }
    }

    /// The same quota, counted as `shape` says.
    #[must_use]
    pub const fn shape(mut self, shape: Shape) -> Self {
        self.shape = shape;
        self
    }

    /// How much is allowed in one window.
    #[must_use]
    pub const fn limit(&self) -> u32 {
        self.limit
    }

    /// How long a window is.
    #[must_use]
    pub const fn window(&self) -> Duration {
        Duration::from_secs(self.window_secs as u64)
    }

    /// How it is counted.
    #[must_use]
    pub const fn counted(&self) -> Shape {
        self.shape
    }

    /// The window in milliseconds.
    #[must_use]
    pub const fn window_millis(&self) -> u64 {
        self.window_secs as u64 * 1000
    }
}

/// How attempts are counted against a quota.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Shape {
    /// The window starts at the first attempt: the sixth of `5/15m` is refused, and all is clear 15 minutes after the
    /// first.
    #[default]
    FixedFromFirst,
    /// Two windows side by side, the earlier one weighted by the share of it that is still inside: no burst of twice the
    /// limit around a boundary, in constant space. Exact when attempts come evenly, an estimate otherwise.
    Sliding,
    /// A bucket of `limit` tokens that fills evenly, `limit` in one window (GCRA).
    TokenBucket,
}

const UNITS: [(&str, u32); 4] = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)];
const SHAPES: [(&str, Shape); 3] =
    [("fixed", Shape::FixedFromFirst), ("sliding", Shape::Sliding), ("token-bucket", Shape::TokenBucket)];

impl FromStr for Quota {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: LimitError = LimitError::Invalid("quota is written like 5/15m or 300/1m token-bucket");
        let (amount, shape) = match text.split_once(' ') {
            None => (text, Shape::FixedFromFirst),
            Some((amount, name)) => {
                let (_, shape) = SHAPES.iter().find(|(known, _)| *known == name).ok_or(FORM)?;
                (amount, *shape)
            }
        };
        let (limit, window) = amount.split_once('/').ok_or(FORM)?;
        let (count, secs) =
            UNITS.iter().find_map(|(unit, secs)| Some((window.strip_suffix(unit)?, *secs))).ok_or(FORM)?;
        let secs = number(count).and_then(|count| count.checked_mul(secs)).ok_or(FORM)?;
        Ok(Self::new(number(limit).ok_or(FORM)?, Duration::from_secs(secs.into()))?.shape(shape))
    }
}

impl fmt::Display for Quota {
    /// The text form, with the largest unit that divides the window.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, secs) =
            UNITS.into_iter().find(|(_, secs)| self.window_secs.is_multiple_of(*secs)).unwrap_or(("s", 1));
        write!(f, "{}/{}{unit}", self.limit, self.window_secs / secs)?;
        match self.shape {
            Shape::FixedFromFirst => Ok(()),
            Shape::Sliding => f.write_str(" sliding"),
            Shape::TokenBucket => f.write_str(" token-bucket"),
        }
    }
}

/// Digits alone: `parse` would take a plus sign too.
fn number(text: &str) -> Option<u32> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_back_as_it_was() {
        for text in ["5/15m", "300/1m", "20/1h", "100000/366d", "1/1s", "7/61s sliding", "9/1d token-bucket"] {
            assert_eq!(text.parse::<Quota>().unwrap().to_string(), text);
        }
        assert_eq!("60/60s fixed".parse::<Quota>().unwrap().to_string(), "60/1m");
    }

    #[test]
    fn other_texts_are_refused() {
        let huge = "1/4294967295d";
        for text in
            ["", "5", "/15m", "5/", "5/m", "5/15", "+5/15m", "5/+15m", "5/15M", "5 /15m", "5/15m  sliding", huge]
        {
            assert!(text.parse::<Quota>().is_err(), "{text:?}");
        }
        for text in ["0/1m", "100001/1m", "5/0s", "5/367d", "5/1m gcra", "-1/1m"] {
            assert!(text.parse::<Quota>().is_err(), "{text:?}");
        }
        assert!(Quota::new(1, Duration::from_millis(1500)).is_err());
    }
}
