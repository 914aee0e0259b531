//! What the routes do, without JSON: for an application that has pages of its own.
//!
//! Each function is one step of the flow: it asks the engine and the [`Host`](crate::Host) in the right order, and
//! refuses with the [`Problem`](crate::Problem) that the route answers. A page that calls them is not a second way in.

mod enrol;
mod manage;
mod sign_in;

pub use enrol::{Enabled, Enrolling, Wanted, begin, confirm};
pub use manage::{check_name, prove, regenerate, remove_factor, rename_factor, turn_off};
pub use sign_in::{SignedIn, second_step};
