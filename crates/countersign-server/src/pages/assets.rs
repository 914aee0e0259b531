use std::{fmt::Write as _, sync::LazyLock};

use axum::{Router, response::IntoResponse, routing::get};
use http::{
    HeaderValue,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};
use sha2::{Digest as _, Sha256};

use crate::state::AppState;

/// A file that pages refer to, served from the binary. Its path names its content, so that it may be kept for ever.
#[derive(Debug)]
pub(super) struct Asset {
    pub(super) path: String,
    content: &'static str,
    kind: &'static str,
}

pub(super) static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("style.css", include_str!("style.css"), "text/css; charset=utf-8"));
pub(super) static SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("script.js", include_str!("script.js"), "text/javascript; charset=utf-8"));
pub(super) static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon.svg", include_str!("icon.svg"), "image/svg+xml"));

/// The routes of all of them.
pub(super) fn router() -> Router<AppState> {
    [&STYLE, &SCRIPT, &ICON].into_iter().fold(Router::new(), |router, asset| {
        router.route(
            &asset.path,
            get(async || {
                let kept = HeaderValue::from_static("public, max-age=31536000, immutable");
                let kind = HeaderValue::from_static(asset.kind);
                ([(CACHE_CONTROL, kept), (CONTENT_TYPE, kind)], asset.content).into_response()
            }),
        )
    })
}

impl Asset {
    fn new(name: &str, content: &'static str, kind: &'static str) -> Self {
        let mut hash = String::new();
        for byte in &Sha256::digest(content)[..8] {
            // Writing to a string does not fail.
            let _ = write!(hash, "{byte:02x}");
        }
        Self { path: format!("/assets/{hash}/{name}"), content, kind }
    }
}
