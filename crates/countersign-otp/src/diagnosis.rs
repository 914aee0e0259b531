use crate::{
    Totp, UnixTime,
    search::{Found, search_nearest},
};

/// Why a code was refused, as far as the code itself can tell. For support and for logs: **never a reason to let anybody in**.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Diagnosis {
    /// The code belongs to a step so many steps after the one of the clock, or before it if negative: so far the clocks are apart,
    /// or so old the code is. Zero means that the code is right at this moment.
    Off {
        /// The distance in steps.
        steps: i32,
        /// The distance in seconds, to the precision of one step.
        seconds: i64,
    },
    /// The code belongs to no step that was looked at: a typing error, or another secret, hash or period.
    Unexplained,
    /// The input is not of the form of a code.
    Malformed,
}

impl Diagnosis {
    /// The furthest that is looked, in steps to either side: a day, at 30 seconds.
    pub const MAX_REACH: u16 = 2880;
}

impl Totp {
    /// Tells how far a clock is off, from a code that [`verify`](Self::verify) did not accept. `reach` is how many steps to
    /// either side are looked at, at most [`Diagnosis::MAX_REACH`]; a larger one counts as that. The match nearest to `at` is
    /// told.
    ///
    /// The wider the reach, the likelier a chance match: at six digits and a reach of 2880, one random code in 174 has one. It
    /// costs two compressions a step, so keep it from strangers.
    ///
    /// ```
    /// use countersign_otp::{Diagnosis, Secret, Totp, UnixTime};
    ///
    /// let totp = Totp::new(Secret::from(*b"12345678901234567890"));
    /// let slow = totp.code_at(UnixTime::from_secs(1_111_111_111 - 600));
    /// let found = totp.diagnose(slow.as_str(), UnixTime::from_secs(1_111_111_111), 120);
    /// assert_eq!(found, Diagnosis::Off { steps: -20, seconds: -600 });
    /// ```
    #[must_use]
    pub fn diagnose(&self, input: &str, at: UnixTime, reach: u16) -> Diagnosis {
        let now = self.step_at(at).get();
        let reach = reach.min(Diagnosis::MAX_REACH).into();
        match search_nearest(self.key(), self.format(), input, now, reach) {
            Found::At(step) => {
                let steps = i128::from(step) - i128::from(now);
                let seconds = steps * i128::from(self.get_period().as_secs());
                i32::try_from(steps)
                    .ok()
                    .zip(i64::try_from(seconds).ok())
                    .map_or(Diagnosis::Unexplained, |(steps, seconds)| Diagnosis::Off { steps, seconds })
            }
            Found::Stale | Found::Nowhere => Diagnosis::Unexplained,
            Found::Malformed => Diagnosis::Malformed,
        }
    }
}
