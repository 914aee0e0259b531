//! Refusals that many routes have in common, for the description of an API with `utoipa`: named among the `responses` of a
//! route.

use std::collections::BTreeMap;

use utoipa::{
    IntoResponses, ToSchema,
    openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder},
};

use crate::ProblemBody;

/// 401 `unauthorized`: it is for those who are signed in.
#[derive(Clone, Copy, Debug)]
pub struct SignedIn;

/// 403 `cross_origin`: it is not for pages of other sites.
#[derive(Clone, Copy, Debug)]
pub struct SameOrigin;

/// 404 `not_found`: it is about something that may not be there.
#[derive(Clone, Copy, Debug)]
pub struct Existing;

/// 408 `request_timeout` and 413 `body_too_large`: it takes a body.
#[derive(Clone, Copy, Debug)]
pub struct Bounded;

/// 429 `rate_limited` and 503 `unavailable`: not now.
#[derive(Clone, Copy, Debug)]
pub struct InTime;

/// 429 `rate_limited`, 503 `unavailable` and 503 `busy`: not now, for it may take a slow hash.
#[derive(Clone, Copy, Debug)]
pub struct InTimeWithHash;

macro_rules! refuses {
    ($($route:ident: $($status:literal $codes:literal),+;)+) => {$(
        impl IntoResponses for $route {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                [$(($status.to_owned(), problem($codes))),+].into()
            }
        }
    )+};
}

refuses! {
    SignedIn: "401" "`unauthorized`";
    SameOrigin: "403" "`cross_origin`";
    Existing: "404" "`not_found`";
    Bounded: "408" "`request_timeout`", "413" "`body_too_large`";
    InTime: "429" "`rate_limited`", "503" "`unavailable`";
    InTimeWithHash: "429" "`rate_limited`", "503" "`unavailable`, `busy`";
}

fn problem(codes: &str) -> RefOr<Response> {
    let body = ContentBuilder::new().schema(Some(Ref::from_schema_name(ProblemBody::name()))).build();
    ResponseBuilder::new().description(codes).content("application/problem+json", body).build().into()
}
