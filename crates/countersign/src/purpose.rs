use std::fmt;

use serde::{Deserialize, Serialize};

/// What a second factor is being shown for. A proof for one purpose is worth nothing for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Purpose {
    /// To finish a sign-in whose first factor has been checked.
    SignIn,
    /// To raise a session that exists already, for something the host wants confirmed.
    StepUp,
    /// To change the second factor itself: disable, regenerate, add, remove.
    Manage,
}

impl Purpose {
    /// The name used in records, audit events and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::StepUp => "step_up",
            Self::Manage => "manage",
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
