use countersign_clock::Timestamp;
use countersign_store::UserId;

use crate::{Epoch, FactorId, Method, Purpose};

/// That a second factor was shown, durably and once.
///
/// Only a verification makes one, after the save that claimed the code. It is taken by value wherever it is spent, and
/// there is no second one:
///
/// ```compile_fail,E0277
/// fn copies<T: Clone>() {}
/// copies::<countersign::SecondFactorProof>();
/// ```
///
/// ```compile_fail,E0451
/// # use countersign::{Epoch, Method, Purpose, SecondFactorProof};
/// fn forge(user: countersign::store::UserId, at: countersign::clock::Timestamp) -> SecondFactorProof {
///     SecondFactorProof { user, factor: None, method: Method::Totp, purpose: Purpose::SignIn, at, epoch: Epoch::default() }
/// }
/// ```
///
/// ```compile_fail,E0382
/// fn spend(_: countersign::SecondFactorProof) {}
/// fn twice(proof: countersign::SecondFactorProof) {
///     spend(proof);
///     spend(proof);
/// }
/// ```
#[must_use = "a session is raised, or a factor changed, only by passing this on"]
#[derive(Debug)]
pub struct SecondFactorProof {
    user: UserId,
    factor: Option<FactorId>,
    method: Method,
    purpose: Purpose,
    at: Timestamp,
    epoch: Epoch,
}

impl SecondFactorProof {
    pub(crate) const fn new(
        user: UserId,
        factor: Option<FactorId>,
        method: Method,
        purpose: Purpose,
        at: Timestamp,
        epoch: Epoch,
    ) -> Self {
        Self { user, factor, method, purpose, at, epoch }
    }

    /// Whose second factor it was.
    #[must_use]
    pub const fn user(&self) -> &UserId {
        &self.user
    }

    /// The factor that answered; `None` for a backup code.
    #[must_use]
    pub const fn factor(&self) -> Option<FactorId> {
        self.factor
    }

    /// How it was answered.
    #[must_use]
    pub const fn method(&self) -> Method {
        self.method
    }

    /// What it was asked for.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// When it was accepted.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// The epoch of the account at that moment: a session that this proof begins ends when the account's epoch moves on.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }
}
