use axum::{
    Form,
    extract::{FromRequest, FromRequestParts, Request, rejection::FormRejection},
};
use countersign::Answer;
use countersign_axum::{Problem, SecretField};
use http::StatusCode;

use super::visit::{Turned, Visit};
use crate::state::AppState;

/// A form that this browser was given here, and who sent it.
#[derive(Debug)]
pub(super) struct Posted<V>(pub(super) V, pub(super) Fields);

/// The fields of a form. Any may be a secret: they are wiped on drop and never printed.
#[derive(Debug)]
pub(super) struct Fields(Vec<(String, SecretField)>);

impl Fields {
    /// What was typed; empty for a field that is not there.
    #[must_use]
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value.expose_str())
    }

    /// What was typed, if anything was.
    #[must_use]
    pub(super) fn given(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.trim().is_empty())
    }

    /// Whether a box is ticked.
    #[must_use]
    pub(super) fn ticked(&self, name: &str) -> bool {
        !self.text(name).is_empty()
    }

    /// The answer in a field that takes a code of an authenticator or a backup code: digits alone are a code.
    #[must_use]
    pub(super) fn answer(&self, name: &str) -> Option<Answer<'_>> {
        let text = self.given(name)?;
        let digits = text.chars().filter(char::is_ascii_digit).count();
        let is_code = digits <= 8 && text.chars().all(|c| c.is_ascii_digit() || c == ' ');
        Some(if is_code { Answer::Code(text) } else { Answer::BackupCode(text) })
    }
}

impl<V> FromRequest<AppState> for Posted<V>
where
    V: FromRequestParts<AppState, Rejection = Turned> + AsRef<Visit> + Send,
{
    type Rejection = Turned;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Turned> {
        let (mut parts, body) = request.into_parts();
        let visitor = V::from_request_parts(&mut parts, state).await?;
        let fields = match Form::from_request(Request::from_parts(parts, body), &()).await {
            Ok(Form(fields)) => Fields(fields),
            Err(FormRejection::BytesRejection(rejection)) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                return Err(Problem::body_too_large().into());
            }
            Err(_) => return Err(Problem::malformed_request().into()),
        };
        if visitor.as_ref().is_own_form(fields.text("token")) {
            Ok(Self(visitor, fields))
        } else {
            Err(Problem::new(StatusCode::FORBIDDEN, "form_expired", "This form is no longer good").into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Fields {
        let value = serde_json::from_value(serde_json::Value::from(text)).unwrap();
        Fields(vec![("answer".to_owned(), value)])
    }

    #[test]
    fn digits_alone_are_a_code_and_anything_else_a_backup_code() {
        for code in ["123456", " 123 456 ", "12345678"] {
            assert!(matches!(fields(code).answer("answer"), Some(Answer::Code(_))), "{code}");
        }
        for code in ["abcd-efgh", "1234-5678", "1234567890"] {
            assert!(matches!(fields(code).answer("answer"), Some(Answer::BackupCode(_))), "{code}");
        }
        assert!(fields("  ").answer("answer").is_none() && fields("1").answer("other").is_none());
    }
}
