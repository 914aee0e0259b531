use askama::Template;
use axum::{extract::Query, response::Response};
use countersign::{FactorStatus, Status};
use http::StatusCode;
use serde::Deserialize;

use super::{
    frame::Frame,
    texts::Texts,
    visit::{Member, Turned},
    when::When,
};

#[derive(Template)]
#[template(path = "account.html")]
struct Account {
    frame: Frame,
    told: Option<&'static str>,
    email: String,
    last_login: Option<When>,
    enabled: bool,
    required: bool,
    locked: bool,
    locked_until: Option<When>,
    enabled_at: Option<When>,
    factors: Vec<Factor>,
    codes_left: String,
    few_codes: bool,
    codes_at: Option<When>,
}

/// A live factor, as a list shows it.
struct Factor {
    id: String,
    name: String,
    added: When,
    used: Option<When>,
    struck_out: bool,
}

/// What was done just before.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Done {
    #[serde(default)]
    pub(super) done: String,
}

impl Done {
    /// What to say about it.
    #[must_use]
    pub(super) fn told(&self, t: &Texts) -> Option<&'static str> {
        Some(match self.done.as_str() {
            "backup-code" => t.done_backup_code,
            "password" => t.done_password,
            "renamed" => t.done_renamed,
            "removed" => t.done_removed,
            "off" => t.done_off,
            "ended" => t.done_ended,
            "others-ended" => t.done_others_ended,
            "forgotten" => t.done_forgotten,
            "others-forgotten" => t.done_others_forgotten,
            _ => return None,
        })
    }
}

/// How the account stands.
pub(super) async fn show(member: Member, Query(before): Query<Done>) -> Result<Response, Turned> {
    let visit = &member.visit;
    let account = visit.state.core.account(&member.session.user).await?;
    let status: Status = visit.state.engine().status(&member.session.user).await?;
    let frame = visit.frame("account");
    let page = Account {
        told: before.told(frame.t),
        email: account.email,
        last_login: account.last_login_at.map(When::from),
        enabled: status.enabled,
        required: status.required,
        locked: status.locked,
        locked_until: status.locked_until.map(When::from),
        enabled_at: status.enabled_at.map(When::from),
        factors: status.factors.into_iter().map(Factor::from).collect(),
        codes_left: (frame.t.codes_left)(status.backup_codes_left),
        few_codes: status.backup_codes_left <= 3,
        codes_at: status.backup_codes_generated_at.map(When::from),
        frame,
    };
    visit.page(StatusCode::OK, &page)
}

impl From<FactorStatus> for Factor {
    fn from(factor: FactorStatus) -> Self {
        Self {
            id: factor.id.to_string(),
            name: factor.name,
            added: factor.created_at.into(),
            used: factor.last_used_at.map(When::from),
            struck_out: factor.struck_out,
        }
    }
}
