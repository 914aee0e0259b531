use axum::{extract::State, response::Response};
use countersign::{Challenge, Epoch, SetupTicket, Ticket, store::UserId};
use countersign_axum::{Problem, ProblemBody, Reply, Requester, SecretField, StrictJson, rfc3339};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    core::{Begin, unavailable},
    login_limits::Tried,
    state::AppState,
};

/// The first step of a sign-in.
#[utoipa::path(
    post, path = "/login", tag = "sign-in", operation_id = "login", request_body = Credentials, security(()),
    responses(
        (status = 200, description = "What comes next: the second step, the set-up of a second factor, or nothing", body = FirstStep),
        (status = 400, description = "`malformed_request`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`invalid_credentials`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "`body_too_large`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`rate_limited`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`, `busy`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn login(
    State(state): State<AppState>,
    requester: Requester,
    StrictJson(body): StrictJson<Credentials>,
) -> Result<Response, Problem> {
    let (core, engine) = (&state.core, state.engine());
    let account = match body.email.parse() {
        Ok(email) => core.accounts.by_email(&email).await.map_err(unavailable)?,
        Err(_) => None,
    };
    let (tried, known_device) = match &account {
        Some(account) => (Tried::Account(account), engine.is_known_device(&account.id, &requester.client()).await?),
        None => (Tried::Nobody(&body.email), false),
    };
    core.check_account_password(tried, body.password.expose_str(), known_device, &requester).await?;
    let account = account.ok_or_else(Problem::invalid_credentials)?;
    let reply = match engine.after_first_factor(&account.id, account.history, &requester.client()).await? {
        Challenge::Ticket(ticket) => second_step(&ticket)?,
        Challenge::SetupRequired(ticket) => setup_required(&ticket, None)?,
        Challenge::NotDue { epoch } => signed_in(&state, &account.id, epoch, &requester).await?,
        // What this version does not know lets nobody in.
        _ => return Err(Problem::unavailable()),
    };
    Ok(reply.answer(StatusCode::OK))
}

/// The answer to a right password where no second factor is due.
pub(super) async fn signed_in(
    state: &AppState,
    user: &UserId,
    epoch: Epoch,
    requester: &Requester,
) -> Result<Reply, Problem> {
    let begin = Begin { user, epoch, second_factor_at: None, replaces: None };
    state.core.begin(begin, requester).await?.members(&FirstStep::SignedIn {})
}

/// The answer to a right password where a second factor has to be set up first.
pub(super) fn setup_required(ticket: &SetupTicket, user: Option<&UserId>) -> Result<Reply, Problem> {
    Reply::default().members(&FirstStep::Setup {
        user_id: user.map(ToString::to_string),
        setup_token: ticket.token.expose_str().to_owned(),
        expires_at: rfc3339(ticket.expires_at),
    })
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
