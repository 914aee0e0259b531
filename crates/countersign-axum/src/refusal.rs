//! The one place where the engine's answers become problems.

use countersign::{Error, Refusal};
use http::StatusCode;

use crate::{Problem, STEP_UP_MAX_AGE};

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::WrongCode { attempts_left } => {
                Self::new(StatusCode::UNAUTHORIZED, "invalid_code", "The code is not right")
                    .attempts_left(attempts_left)
            }
            Refusal::OtherParameters { attempts_left, hint } => {
                Self::new(StatusCode::UNAUTHORIZED, "invalid_code", "The code is right for other parameters")
                    .detail(format!("It seems that {hint}; use another one, or set up with these"))
                    .attempts_left(attempts_left)
            }
            Refusal::MalformedCode => Self::malformed_code(),
            Refusal::TicketInvalid => {
                Self::new(StatusCode::UNAUTHORIZED, "ticket_invalid", "This sign-in is over; start again")
            }
            Refusal::BudgetSpent { retry_after } => Self::rate_limited(retry_after).detail("Too many wrong codes"),
            Refusal::Locked { retry_after } => {
                let problem = Self::new(StatusCode::FORBIDDEN, "account_locked", "The second factor is locked")
                    .detail("Codes are not looked at; a backup code is");
                match retry_after {
                    Some(after) => problem.retry_after(after),
                    None => problem,
                }
            }
            Refusal::NotEnabled => Self::new(StatusCode::FORBIDDEN, "2fa_not_enabled", "No second factor is set up"),
            Refusal::NothingPending => Self::new(StatusCode::CONFLICT, "nothing_pending", "No set-up is pending"),
            Refusal::ProofRequired | Refusal::ProofInvalid => {
                Self::insufficient_user_authentication(Some(STEP_UP_MAX_AGE))
            }
            Refusal::TooManyFactors => {
                Self::new(StatusCode::CONFLICT, "too_many_factors", "No more factors can be added")
            }
            Refusal::NoSuchFactor => Self::not_found(),
            Refusal::RequiredByPolicy => {
                Self::new(StatusCode::FORBIDDEN, "2fa_required_by_policy", "A second factor is mandatory here")
            }
            // A refusal that this version does not know is still a refusal.
            _ => Self::new(StatusCode::FORBIDDEN, "refused", "Refused"),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Busy(_) => Self::busy(),
            error => {
                tracing::error!(error = &error as &dyn std::error::Error, "the engine could not answer");
                Self::unavailable()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::response::IntoResponse;
    use http::header::RETRY_AFTER;

    use super::*;

    #[test]
    fn each_refusal_has_its_status_and_code() {
        let minute = Duration::from_secs(60);
        for (refusal, status, code, retry) in [
            (Refusal::WrongCode { attempts_left: 4 }, 401, "invalid_code", None),
            (Refusal::MalformedCode, 400, "malformed_code", None),
            (Refusal::TicketInvalid, 401, "ticket_invalid", None),
            (Refusal::BudgetSpent { retry_after: minute }, 429, "rate_limited", Some("60")),
            (Refusal::Locked { retry_after: Some(minute) }, 403, "account_locked", Some("60")),
            (Refusal::Locked { retry_after: None }, 403, "account_locked", None),
            (Refusal::NotEnabled, 403, "2fa_not_enabled", None),
            (Refusal::NothingPending, 409, "nothing_pending", None),
            (Refusal::ProofRequired, 401, "insufficient_user_authentication", None),
            (Refusal::ProofInvalid, 401, "insufficient_user_authentication", None),
            (Refusal::TooManyFactors, 409, "too_many_factors", None),
            (Refusal::NoSuchFactor, 404, "not_found", None),
            (Refusal::RequiredByPolicy, 403, "2fa_required_by_policy", None),
        ] {
            let problem = Problem::from(refusal);
            assert_eq!((problem.status().as_u16(), problem.code()), (status, code), "{refusal:?}");
            let response = problem.into_response();
            assert_eq!(response.headers().get(RETRY_AFTER).map(|v| v.to_str().unwrap()), retry, "{refusal:?}");
        }
    }

    #[test]
    fn no_answer_is_a_503() {
        for (error, code) in
            [(Error::Busy(countersign::Busy), "busy"), (Error::Clock, "unavailable"), (Error::Deadline, "unavailable")]
        {
            let problem = Problem::from(error);
            assert_eq!((problem.status().as_u16(), problem.code()), (503, code));
            assert!(problem.into_response().headers().contains_key(RETRY_AFTER));
        }
    }
}
