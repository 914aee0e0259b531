use countersign_axum::Problem;

use super::texts::Texts;

/// Why something was refused, as a page says it.
#[derive(Debug)]
pub(super) struct Notice {
    pub(super) text: String,
    /// How many tries are left.
    pub(super) attempts: Option<String>,
    /// How long to wait, in words and in seconds.
    pub(super) wait: Option<(String, u64)>,
}

impl Notice {
    /// Says a refusal.
    #[must_use]
    pub(super) fn of(t: &Texts, problem: &Problem) -> Self {
        let text = match problem.code() {
            "invalid_email" => t.problem_invalid_email,
            "weak_password" => t.problem_weak_password,
            "user_exists" => t.problem_user_exists,
            "invalid_credentials" => t.problem_credentials,
            "invalid_code" => t.problem_code,
            "malformed_code" => t.problem_malformed_code,
            "rate_limited" => t.problem_limited,
            "account_locked" => t.problem_locked,
            "insufficient_user_authentication" => t.problem_code_missing,
            "password_required" => t.problem_password,
            "nothing_pending" => t.problem_nothing_pending,
            "too_many_factors" => t.problem_too_many,
            "2fa_required_by_policy" => t.problem_required,
            "changed_meanwhile" | "2fa_not_enabled" => t.problem_changed,
            "form_expired" => t.problem_form,
            "cross_origin" => t.problem_cross_origin,
            "not_found" | "method_not_allowed" => t.problem_not_found,
            "busy" => t.problem_busy,
            "unavailable" => t.problem_unavailable,
            "body_too_large" => t.problem_too_large,
            _ => t.problem_other,
        };
        // A right code for other parameters says which, in place of its title.
        let hint = (problem.code() == "invalid_code" && problem.explanation() != problem.title())
            .then(|| (t.hint)(problem.explanation()));
        let waits = problem.status().is_client_error();
        Self {
            text: hint.unwrap_or_else(|| text.to_owned()),
            attempts: problem.answers_left().map(t.attempts_left),
            // What the server cannot do at the moment is not worth a countdown.
            wait: problem.seconds_to_wait().filter(|_| waits).map(|seconds| ((t.wait)(seconds), seconds)),
        }
    }

    /// The same with another text.
    #[must_use]
    pub(super) fn saying(self, text: &str) -> Self {
        Self { text: text.to_owned(), ..self }
    }

    /// Only a text.
    #[must_use]
    pub(super) fn text(text: &str) -> Self {
        Self { text: text.to_owned(), attempts: None, wait: None }
    }
}
