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
    routing::{MethodRouter, get, post},
};
use countersign_axum::BODY_LIMIT;

pub(crate) use problem::for_people;

use crate::state::AppState;

/// All pages, and the files they refer to.
pub(crate) fn router() -> Router<AppState> {
    let pages = pages().into_iter().fold(Router::new(), |router, (template, page)| router.route(template, page));
    pages.layer(DefaultBodyLimit::max(BODY_LIMIT)).merge(assets::router())
}

/// Where the pages are.
pub(crate) fn templates() -> Vec<&'static str> {
    pages().into_iter().map(|(template, _)| template).collect()
}

fn pages() -> [(&'static str, MethodRouter<AppState>); 19] {
    [
        ("/", get(home::show)),
        ("/register", get(register::show).post(register::send)),
        ("/login", get(login::show).post(login::send)),
        ("/login/code", get(second_step::show_code).post(second_step::send_code)),
        ("/login/backup-code", get(second_step::show_backup_code).post(second_step::send_backup_code)),
        ("/logout", post(login::sign_out)),
        ("/setup", get(setup::show).post(setup::confirm)),
        ("/setup/begin", post(setup::begin)),
        ("/backup-codes", get(backup_codes::show).post(backup_codes::kept)),
        ("/account", get(account::show)),
        ("/account/two-factor", get(two_factor::show).post(two_factor::send)),
        ("/account/backup-codes", get(backup_codes::show_new).post(backup_codes::make_new)),
        ("/account/factors", get(factors::show_add).post(factors::add)),
        ("/account/factors/{factor}", get(factors::show).post(factors::rename)),
        ("/account/factors/{factor}/remove", post(factors::remove)),
        ("/account/sessions", get(sessions::show).post(sessions::end)),
        ("/account/devices", post(sessions::forget)),
        ("/account/activity", get(activity::show)),
        ("/account/password", get(password::show).post(password::send)),
    ]
}
