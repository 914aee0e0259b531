use axum::{extract::State, response::Response};
use countersign_axum::{Problem, ProblemBody, Reply, Requester, SecretField, StrictJson, refusals};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    access_token::Subject,
    core::{Tokens, unavailable},
    refresh_tokens::Refreshed,
    state::AppState,
};

/// Spends a refresh token for a new pair.
#[utoipa::path(
    post, path = "/refresh", tag = "sign-in", operation_id = "refresh", request_body = Refresh, security(()),
    responses(
        (status = 200, description = "The new pair; the old refresh token is spent", body = Tokens),
        (status = 400, description = "`malformed_request`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`token_reuse`, `token_invalid`", body = ProblemBody, content_type = "application/problem+json"),
        refusals::Bounded,
        refusals::InTime,
    )
)]
pub(super) async fn refresh(
    State(state): State<AppState>,
    requester: Requester,
    StrictJson(body): StrictJson<Refresh>,
) -> Result<Response, Problem> {
    let core = &state.core;
    let now = core.ids.now()?;
    let (id, successor) =
        match core.refresh_tokens.spend(body.refresh_token.expose_str(), now).await.map_err(unavailable)? {
            Refreshed::Successor { session, token } => (session, token),
            Refreshed::Reused { session } => {
                let user = core.sessions.by_id(&session, now).await.map_err(unavailable)?.map(|session| session.user);
                core.sessions.end_family(&session).await.map_err(unavailable)?;
                tracing::warn!(
                    event = "token_reused",
                    user = user.as_ref().map(display),
                    session,
                    "a spent refresh token came back: its session has ended"
                );
                if let Some(user) = user {
                    core.note_token_reuse(&user, &requester).await;
                }
                return Err(refused("token_reuse", "This token had been used before; its session has ended"));
            }
            Refreshed::Unknown => return Err(refused("token_invalid", "This token is not good")),
        };
    let session = core.sessions.by_id(&id, now).await.map_err(unavailable)?;
    let session = session.ok_or_else(|| refused("token_invalid", "This token is not good"))?;
    if state.engine().epoch(&session.user).await? != session.epoch {
        return Err(refused("token_invalid", "This token is not good"));
    }
    tracing::info!(event = "session_refreshed", user = %session.user, session = session.id, "session");
    let subject = Subject {
        user: &session.user,
        session: &session.id,
        authenticated_at: session.authenticated_at,
        amr: session.amr(),
    };
    Ok(Reply::default().members(&core.tokens(&subject, &successor, now)?)?.answer(StatusCode::OK))
}

fn refused(code: &'static str, title: &'static str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, code, title)
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Refresh {
    refresh_token: SecretField,
}
