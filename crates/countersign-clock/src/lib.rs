//! Time, handed in.
//!
//! Nothing in Countersign reads a clock by itself: whoever needs the time is given a [`Clock`]. In production that is
//! [`SystemClock`], the only type in the workspace that asks the operating system; in tests it is [`ManualClock`].
//!
//! ```
//! use countersign_clock::{Clock, ManualClock, Timestamp};
//! use std::time::Duration;
//!
//! let clock = ManualClock::at(Timestamp::from_secs(1_700_000_000));
//! clock.advance(Duration::from_secs(30));
//! assert_eq!(clock.now(), Some(Timestamp::from_secs(1_700_000_030)));
//! ```
//!
//! # What it guarantees
//! A clock that cannot tell the time says `None`; there is no default to fall back to.
//!
//! # What it leaves to you
//! Keeping the machine's clock right (NTP): one-time codes depend on it.

mod clock;
mod manual;
mod system;
mod timestamp;

pub use clock::Clock;
pub use manual::ManualClock;
pub use system::SystemClock;
pub use timestamp::Timestamp;
