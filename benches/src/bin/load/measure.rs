use std::{
    collections::BTreeMap,
    fmt,
    time::{Duration, Instant},
};

/// What became of a number of requests.
#[derive(Default)]
pub struct Summary {
    /// How long those took that were answered as wanted.
    times: Vec<Duration>,
    /// How many were answered otherwise, by status.
    others: BTreeMap<u16, usize>,
}

impl Summary {
    /// Notes an answer; 2xx is what is wanted.
    pub fn note(&mut self, status: u16, took: Duration) {
        match status {
            200..300 => self.times.push(took),
            other => *self.others.entry(other).or_default() += 1,
        }
    }

    pub fn join(&mut self, other: Self) {
        self.times.extend(other.times);
        for (status, number) in other.others {
            *self.others.entry(status).or_default() += number;
        }
    }

    /// How many were answered as wanted.
    pub fn number(&self) -> usize {
        self.times.len()
    }

    /// How long this part of those that were answered as wanted took at most.
    pub fn within(&self, part: f64) -> Duration {
        let mut times = self.times.clone();
        times.sort_unstable();
        let index = (times.len() as f64 * part).ceil() as usize;
        times.get(index.saturating_sub(1)).copied().unwrap_or_default()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = |part| self.within(part).as_secs_f64() * 1000.0;
        write!(
            f,
            "{} answered, p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms",
            self.number(),
            millis(0.5),
            millis(0.99),
            millis(1.0)
        )?;
        for (status, number) in &self.others {
            write!(f, ", {number} with {status}")?;
        }
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "to measure is what this program is for")]
pub fn now() -> Instant {
    Instant::now()
}
