use std::collections::BTreeSet;

use countersign_tests::{
    client::{Client, OTHER_PASSWORD, PASSWORD},
    deployment::PUBLIC_URL,
    person::{Person, SESSION_COOKIE, Session},
    routes::{described, with_ids},
    server::Server,
};
use reqwest::Method;
use serde_json::{Value, json};

/// What each route answers to whom. Nothing here has what the route asks for beside that: no code, no other account's id.
///
/// | word | answer |
/// |---|---|
/// | `ok` | 200, 201 or 204 |
/// | `body` | 400 `malformed_request`: the route is open to all, and looks at the body |
/// | `code` | 400 `malformed_code`: the caller may go on to the code |
/// | `out` | 401 `unauthorized` |
/// | `pass` | 401 `password_required` |
/// | `fresh` | 401 `insufficient_user_authentication`: the second factor is asked for, again |
/// | `policy` | 403 `2fa_required_by_policy` |
/// | `off` | 403 `2fa_not_enabled` |
/// | `none` | 404 `not_found` |
/// | `idle` | 409 `nothing_pending` |
const TABLE: &str = "
                                               nothing set-up ticket password full   ended
POST   /api/v1/auth/register                   body    body   body   body     body   body
POST   /api/v1/auth/login                      body    body   body   body     body   body
POST   /api/v1/auth/login/2fa                  body    body   body   body     body   body
POST   /api/v1/auth/refresh                    body    body   body   body     body   body
POST   /api/v1/auth/password                   out     out    out    ok       fresh  out
POST   /api/v1/auth/logout                     out     out    out    ok       ok     out
GET    /api/v1/auth/me                         out     out    out    ok       ok     out
POST   /api/v1/2fa/setup                       out     ok     out    pass     fresh  out
POST   /api/v1/2fa/verify                      out     idle   out    off      code   out
GET    /api/v1/2fa/status                      out     out    out    ok       ok     out
GET    /api/v1/2fa/events                      out     out    out    ok       ok     out
POST   /api/v1/2fa/backup-codes/regenerate     out     out    out    fresh    fresh  out
POST   /api/v1/2fa/disable                     out     out    out    fresh    policy out
DELETE /api/v1/2fa/factors/{factor_id}         out     out    out    none     none   out
PATCH  /api/v1/2fa/factors/{factor_id}         out     out    out    none     none   out
GET    /api/v1/sessions                        out     out    out    ok       ok     out
DELETE /api/v1/sessions                        out     out    out    ok       ok     out
DELETE /api/v1/sessions/{id}                   out     out    out    none     none   out
GET    /api/v1/devices                         out     out    out    ok       ok     out
DELETE /api/v1/devices                         out     out    out    ok       ok     out
DELETE /api/v1/devices/{id}                    out     out    out    none     none   out
GET    /healthz                                ok      ok     ok     ok       ok     ok
GET    /readyz                                 ok      ok     ok     ok       ok     ok
GET    /metrics                                ok      ok     ok     ok       ok     ok
";

#[tokio::test(flavor = "multi_thread")]
async fn every_route_answers_everybody_as_the_table_says() {
    // A set-up token is given where the second factor is mandatory, a session of the password alone where it is not.
    let url = ("COUNTERSIGN_PUBLIC_URL", PUBLIC_URL);
    let with_it = Server::start(&[url]).await;
    let without = Server::start(&[url, ("COUNTERSIGN_REQUIRE_2FA", "false")]).await;
    let (mandatory, optional) = (&with_it.client(), &without.client());

    let rows: Vec<Vec<&str>> =
        TABLE.lines().filter(|line| line.contains('/')).map(|line| line.split_whitespace().collect()).collect();
    let table: BTreeSet<_> = rows.iter().map(|row| format!("{} {}", row[0], row[1])).collect();
    for client in [mandatory, optional] {
        let routes = described(client).await.into_iter();
        let routes: BTreeSet<_> = routes.map(|(method, path, _)| format!("{method} {path}")).collect();
        assert_eq!(table, routes, "the table and /openapi.json have the same routes");
    }

    for (n, row) in rows.iter().enumerate() {
        let [method, path, cells @ ..] = &row[..] else { panic!("{row:?}") };
        assert_eq!(cells.len(), 6, "{row:?}");
        let method: Method = method.parse().expect("a method");
        let mut ada = Person::enrol(mandatory.clone(), &format!("ada{n}@example.com")).await;
        let check = async |client: &Client, who: &str, cell: &str, carried: Option<Carried>| {
            let mut ask = client.ask(method.clone(), &with_ids(path));
            ask = match &carried {
                None => ask,
                Some(Carried::Bearer(token)) => ask.bearer(token),
                Some(Carried::Cookie(cookie)) => ask.cookie(cookie).header("origin", PUBLIC_URL),
            };
            if method != Method::GET {
                ask = ask.json(&body(&method, path));
            }
            let answer = ask.send().await;
            let is = (answer.status.as_u16(), answer.code());
            let by = if matches!(carried, Some(Carried::Cookie(_))) { "cookie" } else { "token" };
            assert!(class(cell).contains(&is), "{method} {path} with {who} ({by}) is not `{cell}`: {answer:?}");
        };
        check(mandatory, "nothing", cells[0], None).await;
        let setup = mandatory.register(&format!("new{n}@example.com")).await;
        for (token, cell) in [(setup, cells[1]), (ada.ticket().await, cells[2])] {
            // Neither is anything in a cookie.
            let cookie = Carried::Cookie(format!("{SESSION_COOKIE}={token}"));
            check(mandatory, "a token that is no session", cells[0], Some(cookie)).await;
            check(mandatory, "a token that is no session", cell, Some(Carried::Bearer(token))).await;
        }
        // Each call has a session of its own: some end it.
        for by_token in [true, false] {
            let carried = |session: Session| {
                Some(if by_token { Carried::Bearer(session.access) } else { Carried::Cookie(session.cookie) })
            };
            let body = json!({"email": format!("bob{n}{by_token}@example.com"), "password": PASSWORD});
            let password_only = Session::of(&optional.post("/auth/register", None, body).await);
            check(optional, "a session of the password", cells[3], carried(password_only)).await;
            let ended = ada.sign_in_by_backup_code().await;
            mandatory.post("/auth/logout", Some(&ended.access), json!({})).await.done();
            check(mandatory, "an ended session", cells[5], carried(ended)).await;
            check(mandatory, "a full session", cells[4], carried(ada.sign_in_by_backup_code().await)).await;
        }
    }
}

enum Carried {
    Bearer(String),
    Cookie(String),
}

fn class(word: &str) -> &'static [(u16, &'static str)] {
    match word {
        "ok" => &[(200, ""), (201, ""), (204, "")],
        "body" => &[(400, "malformed_request")],
        "code" => &[(400, "malformed_code")],
        "out" => &[(401, "unauthorized")],
        "pass" => &[(401, "password_required")],
        "fresh" => &[(401, "insufficient_user_authentication")],
        "policy" => &[(403, "2fa_required_by_policy")],
        "off" => &[(403, "2fa_not_enabled")],
        "none" => &[(404, "not_found")],
        "idle" => &[(409, "nothing_pending")],
        word => panic!("no such class: {word}"),
    }
}

/// What a caller sends who has the password and no code.
fn body(method: &Method, path: &str) -> Value {
    match path.rsplit('/').next().expect("a path") {
        "password" => json!({"current": PASSWORD, "new": OTHER_PASSWORD}),
        "verify" => json!({"code": "12345"}),
        "disable" => json!({"password": PASSWORD}),
        "{factor_id}" if method == Method::PATCH => json!({"name": "mine"}),
        _ => json!({}),
    }
}
