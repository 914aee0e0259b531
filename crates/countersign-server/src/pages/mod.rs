//! The pages: the same flow as the API's, for people. Each page calls the steps that the routes of the API call, and is
//! no second way in.
//!
//! Every change is a `POST` that answers 303, so that a reload repeats nothing; every form carries a token of the
//! browser and the session it was made for. What is shown once travels sealed, to the one page that shows it.

mod account;
mod activity;
mod assets;
mod backup_codes;
mod cookies;
mod factors;
mod forms;
mod frame;
mod home;
mod login;
mod notice;
mod once;
mod password;
mod problem;
mod register;
mod second_step;
mod sessions;
mod setup;
mod texts;
mod two_factor;
mod visit;
mod when;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};
use countersign_axum::BODY_LIMIT;

pub(crate) use problem::for_people;

use crate::state::AppState;

/// All pages, and the files they refer to.
pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/", get(home::show))
        .route("/register", get(register::show).post(register::send))
        .route("/login", get(login::show).post(login::send))
        .route("/login/code", get(second_step::show_code).post(second_step::send_code))
        .route("/login/backup-code", get(second_step::show_backup_code).post(second_step::send_backup_code))
        .route("/logout", post(login::sign_out))
        .route("/setup", get(setup::show).post(setup::confirm))
        .route("/setup/begin", post(setup::begin))
        .route("/backup-codes", get(backup_codes::show).post(backup_codes::kept))
        .route("/account", get(account::show))
        .route("/account/two-factor", get(two_factor::show).post(two_factor::send))
        .route("/account/backup-codes", get(backup_codes::show_new).post(backup_codes::make_new))
        .route("/account/factors", get(factors::show_add).post(factors::add))
        .route("/account/factors/{factor}", get(factors::show).post(factors::rename))
        .route("/account/factors/{factor}/remove", post(factors::remove))
        .route("/account/sessions", get(sessions::show).post(sessions::end))
        .route("/account/devices", post(sessions::forget))
        .route("/account/activity", get(activity::show))
        .route("/account/password", get(password::show).post(password::send))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .merge(assets::router())
}
