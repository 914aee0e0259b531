use axum::{extract::State, response::Response};
use countersign::{Ticket, store::UserId};
use countersign_axum::{Problem, ProblemBody, Reply, Requester, SecretField, StrictJson, refusals, rfc3339};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    first_step::{self, Next},
    state::AppState,
};

/// The first step of a sign-in.
#[utoipa::path(
    post, path = "/login", tag = "sign-in", operation_id = "login", request_body = Credentials, security(()),
    responses(
        (status = 200, description = "What comes next: the second step, the set-up of a second factor, or nothing", body = FirstStep),
        (status = 400, description = "`malformed_request`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`invalid_credentials`", body = ProblemBody, content_type = "application/problem+json"),
        refusals::Bounded,
        refusals::InTimeWithHash,
    )
)]
pub(super) async fn login(
    State(state): State<AppState>,
    requester: Requester,
    StrictJson(body): StrictJson<Credentials>,
) -> Result<Response, Problem> {
    let next = first_step::sign_in(&state, &body.email, body.password.expose_str(), &requester).await?;
    Ok(reply(next, None)?.answer(StatusCode::OK))
}

/// The answer to a right first factor; a new account's says its id.
pub(super) fn reply(next: Next, new: Option<&UserId>) -> Result<Reply, Problem> {
    match next {
        Next::SecondStep(ticket) => second_step(&ticket),
        Next::Setup(ticket) => Reply::default().members(&FirstStep::Setup {
            user_id: new.map(ToString::to_string),
            setup_token: ticket.token.expose_str().to_owned(),
            expires_at: rfc3339(ticket.expires_at),
        }),
        Next::SignedIn(reply) => reply.members(&FirstStep::SignedIn {}),
    }
}

fn second_step(ticket: &Ticket) -> Result<Reply, Problem> {
    Reply::default().members(&FirstStep::SecondStep {
        requires_2fa: true,
        ticket: ticket.token.expose_str().to_owned(),
        methods: ticket.methods.iter().map(|method| method.as_str()).collect(),
        expires_at: rfc3339(ticket.expires_at),
    })
}

/// Who it is, and the password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Credentials {
    /// An e-mail address.
    #[schema(
        format = "email",
        pattern = r"^[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9]+(\.[A-Za-z0-9]+)*\.[A-Za-z]{2,}$",
        max_length = 254
    )]
    pub(super) email: String,
    /// The password: 8 to 1,024 characters.
    #[schema(value_type = String, format = "password", min_length = 8, max_length = 1024)]
    pub(super) password: SecretField,
}

/// What follows on a right first factor; `status` says which.
#[derive(Serialize, ToSchema)]
#[serde(tag = "status")]
pub(super) enum FirstStep {
    /// A second factor is due.
    #[serde(rename = "2fa_required")]
    SecondStep {
        requires_2fa: bool,
        /// To be sent with the answer.
        ticket: String,
        /// How it can be answered.
        methods: Vec<&'static str>,
        #[schema(format = "date-time")]
        expires_at: String,
    },
    /// A second factor has to be set up first.
    #[serde(rename = "2fa_setup_required")]
    Setup {
        /// Of a new account.
        #[serde(skip_serializing_if = "Option::is_none")]
        user_id: Option<String>,
        /// To be sent as Bearer with the set-up.
        setup_token: String,
        #[schema(format = "date-time")]
        expires_at: String,
    },
    /// No second factor is due: the tokens are beside the status.
    #[serde(rename = "success")]
    SignedIn {},
}
