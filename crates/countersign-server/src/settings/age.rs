use std::{fmt, str::FromStr, time::Duration};

/// How old something is: `365d`, `12h`, `30m`, `90s`.
#[derive(Clone, Copy)]
pub(crate) struct Age {
    number: u32,
    unit: (char, u32),
}

impl Age {
    /// The same as a duration.
    #[must_use]
    pub(crate) fn duration(self) -> Duration {
        Duration::from_secs(u64::from(self.number).saturating_mul(self.unit.1.into()))
    }
}

const UNITS: [(char, u32); 4] = [('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)];

/// A hundred years, beyond which the clock's own range would be in sight.
const MAX: Duration = Duration::from_secs(36_500 * 86_400);

impl FromStr for Age {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let last = text.chars().next_back().ok_or(())?;
        let unit = UNITS.into_iter().find(|(name, _)| *name == last).ok_or(())?;
        let digits = text.strip_suffix(last).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        let age = Self { number: digits.ok_or(())?.parse().map_err(|_| ())?, unit };
        if age.duration() <= MAX { Ok(age) } else { Err(()) }
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.number, self.unit.0)
    }
}

impl fmt::Debug for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_a_number_and_a_unit() {
        for (text, secs) in [("0s", 0), ("90s", 90), ("30m", 1800), ("12h", 43_200), ("365d", 31_536_000)] {
            let age: Age = text.parse().unwrap();
            assert_eq!((age.duration().as_secs(), age.to_string().as_str()), (secs, text));
        }
        for text in ["", "d", "365", "365 d", "+1d", "-1d", "1.5d", "1y", "36501d", "99999999999d", "1ä"] {
            assert!(text.parse::<Age>().is_err(), "{text:?}");
        }
    }
}
