//! Cases that every limiter runs: one line makes one named test of each.
//!
//! ```
//! use countersign_clock::{ManualClock, Timestamp};
//! use countersign_rate_limit::{MemoryLimiter, conformance::Subject, conformance_tests};
//! use std::sync::Arc;
//!
//! async fn fresh() -> Subject {
//!     let clock = ManualClock::at(Timestamp::from_secs(1_700_000_000));
//!     let limiter = MemoryLimiter::new(Arc::new(clock.clone()));
//!     Subject::new(Arc::new(limiter), move |duration| clock.advance(duration))
//! }
//!
//! conformance_tests!(fresh());
//! ```
//!
//! The expression is a future that makes an empty limiter; each case calls it once. A limiter that several processes can
//! share gives a second handle with [`Subject::and`], so that the races run across both.
#![expect(clippy::missing_panics_doc, clippy::expect_used, reason = "a case that fails panics")]

mod keys;
mod many;
mod shapes;

use std::{any::Any, fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

pub use keys::*;
pub use many::*;
pub use shapes::*;
use tokio::{runtime::Builder, sync::Barrier, time::timeout};

use crate::{Charge, Decision, Quota, RateLimiter};

/// One named test per case. The list lives here, so that a new case reaches every limiter.
#[macro_export]
macro_rules! conformance_tests {
    (@tests ($fresh:expr) $($case:ident)+) => {$(
        #[test]
        fn $case() {
            $crate::conformance::run(async { $crate::conformance::$case($fresh.await).await });
        }
    )+};
    (@list () $($case:ident)+) => {
        &[$($crate::conformance::Case { name: stringify!($case), run: |subject| ::std::boxed::Box::pin($case(subject)) }),+]
    };
    (@all $how:ident $with:tt) => {
        $crate::conformance_tests! { @$how $with
            the_limit_is_exact
            the_sixth_waits_for_the_first_to_pass
            a_sliding_window_has_no_double_burst
            tokens_come_back_evenly
            the_wait_is_exact
            a_denied_take_costs_nothing
            weights_count
            all_or_nothing
            one_key_twice_counts_twice
            what_is_given_back_can_be_taken_again
            nothing_is_given_back_twice
            clearing_forgets_what_is_named
            keys_and_quotas_are_apart
            what_is_out_of_bounds_is_refused
            many_callers_get_exactly_the_limit
            many_callers_are_charged_all_or_nothing
            a_dropped_take_counts_once_at_most
        }
    };
    ($fresh:expr) => { $crate::conformance_tests! { @all tests ($fresh) } };
}

/// All cases, for a harness of one's own.
pub const CASES: &[Case] = conformance_tests! { @all list () };

/// One case of the kit. It panics if the limiter breaks its contract.
#[derive(Clone, Copy)]
pub struct Case {
    /// The name of its function.
    pub name: &'static str,
    /// Runs it on an empty limiter.
    pub run: fn(Subject) -> Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The limiter under test: one or more handles on the same, empty counts, and the hand of their clock.
pub struct Subject {
    handles: Vec<Arc<dyn RateLimiter>>,
    advance: Box<dyn Fn(Duration) + Send + Sync>,
    kept: Vec<Box<dyn Any + Send + Sync>>,
}

impl Subject {
    /// A limiter with one handle, whose clock moves by `advance` and stands otherwise.
    #[must_use]
    pub fn new(limiter: Arc<dyn RateLimiter>, advance: impl Fn(Duration) + Send + Sync + 'static) -> Self {
        Self { handles: vec![limiter], advance: Box::new(advance), kept: Vec::new() }
    }

    /// The same with another handle on the same counts and clock, as another process would have one.
    #[must_use]
    pub fn and(mut self, limiter: Arc<dyn RateLimiter>) -> Self {
        self.handles.push(limiter);
        self
    }

    /// The same, keeping `guard` (a folder, a server) until the case is over.
    #[must_use]
    pub fn keeping(mut self, guard: impl Any + Send + Sync) -> Self {
        self.kept.push(Box::new(guard));
        self
    }

    fn handle(&self, number: usize) -> Arc<dyn RateLimiter> {
        Arc::clone(&self.handles[number % self.handles.len()])
    }

    fn pass(&self, millis: u64) {
        (self.advance)(Duration::from_millis(millis));
    }

    async fn take(&self, charges: &[Charge<'_>]) -> Decision {
        self.handle(0).take(charges).await.expect("take")
    }

    /// Takes one charge and says how much is left, or panics.
    async fn allowed(&self, charge: Charge<'_>) -> u32 {
        match self.take(&[charge]).await {
            Decision::Allowed { remaining, .. } => remaining,
            denied @ Decision::Denied { .. } => panic!("{charge:?} gave {denied:?}"),
        }
    }

    /// Takes one charge and says how many milliseconds to wait, or panics.
    async fn denied(&self, charge: Charge<'_>) -> u64 {
        match self.take(&[charge]).await {
            Decision::Denied { retry_after } => u64::try_from(retry_after.as_millis()).expect("a short wait"),
            allowed @ Decision::Allowed { .. } => panic!("{charge:?} gave {allowed:?}"),
        }
    }

    /// Lets `callers` go together, spread over the handles, and gathers what they say.
    async fn race<T, F>(&self, callers: usize, act: impl Fn(usize, Arc<dyn RateLimiter>) -> F) -> Vec<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let gate = Arc::new(Barrier::new(callers));
        let tasks: Vec<_> = (0..callers)
            .map(|number| {
                let (gate, work) = (Arc::clone(&gate), act(number, self.handle(number)));
                tokio::spawn(async move {
                    gate.wait().await;
                    work.await
                })
            })
            .collect();
        let mut said = Vec::with_capacity(callers);
        for task in tasks {
            said.push(task.await.expect("a caller panicked"));
        }
        said
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject").field("handles", &self.handles).finish_non_exhaustive()
    }
}

/// Runs one case to its end, on a runtime with several threads. A case that hangs fails after two minutes.
pub fn run(case: impl Future<Output = ()>) {
    let runtime = Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime");
    let patience = Duration::from_secs(120);
    runtime.block_on(async { timeout(patience, case).await.expect("the limiter hangs") });
}

const SHAPES: [&str; 3] = ["", " sliding", " token-bucket"];

fn quota(text: &str) -> Quota {
    text.parse().expect("a quota")
}

fn every_shape(text: &str) -> [Quota; 3] {
    SHAPES.map(|shape| quota(&format!("{text}{shape}")))
}
