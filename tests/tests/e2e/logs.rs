//! What the log has of each event, and that nobody but the server writes in it.

use countersign_tests::{
    client::{Answer, Client, OTHER_PASSWORD, PASSWORD},
    person::{DEVICE_COOKIE, Person, Session},
    phone::Phone,
    server::Server,
    watch::Watch,
};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const EMAIL: &str = "ada@example.com";
const WRONG: &str = "a wrong but long password";

/// A server that logs for machines, and a client of it with an eye on that log.
async fn server(format: &str) -> (Server, Client) {
    let log = [("COUNTERSIGN_LOG", "debug"), ("COUNTERSIGN_LOG_FORMAT", format)];
    let server = Server::start(&[log[0], log[1], ("COUNTERSIGN_REQUIRE_2FA", "false")]).await;
    let client = Client::of([server.url().to_owned()], Watch::over([server.log().clone()]));
    (server, client)
}

/// The lines that a request has brought about, once it is over.
async fn lines_of(server: &Server, answer: &Answer) -> Vec<Value> {
    let id = answer.header("x-request-id").expect("an id").to_owned();
    server.log().lines_with(&[&id, "\"answered\""], 1).await;
    let mut lines = Vec::new();
    server.log().since(0, |log| {
        let parsed =
            log.lines().filter(|line| line.contains(&id)).map(|line| serde_json::from_str(line).expect("JSON"));
        lines.extend(parsed);
    });
    lines
}

/// Asserts that a request has been logged with this event, whose account it was, and these other fields.
async fn logged(server: &Server, answer: &Answer, event: &str, user: Option<&str>, fields: &[(&str, &str)]) {
    let lines = lines_of(server, answer).await;
    let line = lines.iter().find(|line| line["fields"]["event"] == event);
    let line = line.unwrap_or_else(|| panic!("no {event} among {lines:#?}"));
    // Outcome, kind of factor and account; the request; the moment, in UTC.
    for (name, value) in fields {
        assert_eq!(line["fields"][name], *value, "{line:#}");
    }
    let spans = line["spans"].as_array().expect("spans");
    let said = spans.iter().map(|span| &span["user"]).chain([&line["fields"]["user"]]);
    let said: Vec<_> = said.filter_map(Value::as_str).collect();
    assert!(said.iter().all(|said| Some(*said) == user) && said.is_empty() == user.is_none(), "{line:#}");
    assert_eq!(spans[0]["id"].as_str(), answer.header("x-request-id"), "{line:#}");
    let at = line["timestamp"].as_str().expect("a moment");
    assert!(at.len() == "2026-01-01T00:00:00.000000Z".len() && at.ends_with('Z') && at.contains('T'), "{at}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_of_a_sign_in_is_logged_with_its_factor_its_outcome_and_its_request() {
    let (server, client) = server("json").await;
    let registered = client.post("/auth/register", None, json!({"email": EMAIL, "password": PASSWORD})).await.done();
    let token = registered.text("access_token");
    let user = client.get("/auth/me", Some(&token)).await.text("user_id");
    let user = Some(user.as_str());
    logged(&server, &registered, "registered", user, &[("factor", "password")]).await;
    logged(&server, &registered, "session_begun", user, &[]).await;
    let setup = client.post("/2fa/setup", Some(&token), json!({"password": PASSWORD})).await.done();
    logged(&server, &setup, "password_accepted", user, &[("factor", "password")]).await;
    logged(&server, &setup, "enrolment_begun", user, &[("method", "totp")]).await;
    let mut phone = Phone::typed(&setup.text("secret"), 6);
    let wrong = client.post("/2fa/verify", Some(&token), json!({"code": phone.wrong()})).await;
    logged(&server, wrong.refused(401, "invalid_code"), "enrolment_refused", user, &[]).await;
    let code = phone.code().await;
    let enabled = client.post("/2fa/verify", Some(&token), json!({"code": code})).await.done();
    logged(&server, &enabled, "factor_added", user, &[("method", "totp")]).await;
    let ada = Person {
        client: client.clone(),
        email: EMAIL.to_owned(),
        phone,
        backup_codes: countersign_tests::person::backup_codes(&enabled),
        used: 0,
        session: Session::of(&enabled),
    };
    let mut ada = ada;

    // The first factor: right, wrong, nobody's, and one too many.
    let login = client.login(EMAIL, PASSWORD).await.done();
    logged(&server, &login, "password_accepted", user, &[("factor", "password")]).await;
    logged(&server, &login, "challenge_opened", user, &[("purpose", "sign_in")]).await;
    let ticket = login.text("ticket");
    let refused = client.login(EMAIL, WRONG).await;
    logged(&server, refused.refused(401, "invalid_credentials"), "password_refused", user, &[]).await;
    let nobody = client.login("nobody@example.com", WRONG).await;
    logged(&server, nobody.refused(401, "invalid_credentials"), "password_refused", None, &[]).await;

    // The second.
    let refused = client.second_step(&ticket, &ada.phone.wrong()).await;
    logged(&server, refused.refused(401, "invalid_code"), "code_refused", user, &[("purpose", "sign_in")]).await;
    let used = ada.phone.last_code();
    let replayed = client.second_step(&ticket, &used).await;
    logged(&server, replayed.refused(401, "invalid_code"), "code_replayed", user, &[]).await;
    let refused = client.second_step_by_backup_code(&ticket, "AAAA-BBBB-CCCC-DDDD").await;
    logged(&server, refused.refused(401, "invalid_code"), "backup_code_refused", user, &[]).await;
    let signed_in = client.second_step_by_backup_code(&ticket, &ada.backup_code()).await.done();
    logged(&server, &signed_in, "backup_code_used", user, &[("method", "backup_code")]).await;
    logged(&server, &signed_in, "session_begun", user, &[]).await;
    let gone = client.second_step(&ticket, &ada.phone.wrong()).await;
    let lines = lines_of(&server, gone.refused(401, "ticket_invalid")).await;
    assert!(lines.iter().any(|line| line["fields"]["reason"] == "ticket_invalid"), "{lines:#?}");
    let code = ada.phone.code().await;
    let raised = client.post("/2fa/verify", Some(&signed_in.text("access_token")), json!({"code": code})).await.done();
    logged(&server, &raised, "code_accepted", user, &[("method", "totp"), ("purpose", "step_up")]).await;
    logged(&server, &raised, "session_raised", user, &[]).await;

    // Sessions and what they are refreshed with.
    let first = signed_in.text("refresh_token");
    let second = client.refresh(&first).await.done();
    logged(&server, &second, "session_refreshed", user, &[]).await;
    client.refresh(&second.text("refresh_token")).await.done();
    let reused = client.refresh(&first).await;
    logged(&server, reused.refused(401, "token_reuse"), "token_reused", user, &[]).await;
    let other = ada.sign_in_by_backup_code().await;
    let ended = client.post("/auth/logout", Some(&other.access), json!({})).await.done();
    logged(&server, &ended, "session_ended", user, &[]).await;
    let token = ada.session.access.clone();
    let ended = client.call(Method::DELETE, "/api/v1/sessions", Some(&token), None).await.done();
    logged(&server, &ended, "other_sessions_ended", user, &[]).await;

    // Changes.
    let code = ada.phone.code().await;
    let body = json!({"current": PASSWORD, "new": OTHER_PASSWORD, "code": code});
    let changed = client.post("/auth/password", Some(&token), body).await.done();
    logged(&server, &changed, "password_changed", user, &[("factor", "password")]).await;
    logged(&server, &changed, "other_sessions_ended", user, &[]).await;
    let code = ada.phone.code().await;
    let renewed = client.post("/2fa/backup-codes/regenerate", Some(&token), json!({"code": code})).await.done();
    logged(&server, &renewed, "backup_codes_regenerated", user, &[]).await;
    let backup_codes = countersign_tests::person::backup_codes(&renewed);
    let off = json!({"password": OTHER_PASSWORD, "backup_code": backup_codes[0]});
    let off = client.post("/2fa/disable", Some(&token), off).await.done();
    logged(&server, &off, "turned_off", user, &[]).await;
    // The owner can read of all that concerns them.
    let told = client.get("/2fa/events", Some(&token)).await.done();
    let told: Vec<_> = told.body["events"].as_array().expect("events").iter().map(|event| &event["kind"]).collect();
    for kind in [
        "factor_added",
        "code_refused",
        "backup_code_refused",
        "backup_code_used",
        "token_reused",
        "first_factor_changed",
        "backup_codes_regenerated",
        "turned_off",
    ] {
        assert!(told.contains(&&json!(kind)), "{kind}: {told:?}");
    }
    for _ in 0..4 {
        client.login(EMAIL, WRONG).await.refused(401, "invalid_credentials");
    }
    let limited = client.login(EMAIL, OTHER_PASSWORD).await;
    logged(&server, limited.refused(429, "rate_limited"), "password_limited", user, &[]).await;
}

/// A line break, a second line as the log would have one, and what moves a terminal's cursor or sets its title.
const FORGED: &str = "\r\n2026-01-01T00:00:00.000000Z  INFO forged\u{1b}[2K\u{1b}]0;forged\u{7}\u{9b}31m\u{2028}forged";

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_the_server_writes_in_its_log() {
    for format in ["json", "text"] {
        let (server, client) = server(format).await;
        let ada = Person::enrol(client.clone(), EMAIL).await;
        // Wherever text of a caller's could get into a line.
        let texts = [FORGED.to_owned(), format!("{EMAIL}{FORGED}"), format!("\"}}{FORGED}")];
        for text in &texts {
            for path in ["/auth/register", "/auth/login"] {
                let answer = client.post(path, None, json!({"email": text, "password": text})).await;
                assert!(answer.status.is_client_error(), "{answer:?}");
            }
            client.post("/auth/login/2fa", None, json!({"ticket": text, "code": text})).await;
            client.post("/auth/refresh", None, json!({"refresh_token": text})).await;
            for body in [json!({"name": text, "backup_code": ada.backup_codes[0]}), json!({text: text})] {
                ada.post("/2fa/setup", body).await.refused(400, "malformed_request");
            }
            ada.post("/2fa/verify", json!({"code": "123456", "factor_id": text})).await;
        }
        let escaped: String = FORGED.bytes().map(|byte| format!("%{byte:02x}")).collect();
        for path in [format!("/{escaped}"), format!("/api/v1/sessions/{escaped}"), format!("/healthz?{escaped}")] {
            client.ask(Method::DELETE, &path).bearer(&ada.session.access).send().await;
        }
        let odd = format!("{DEVICE_COOKIE}={escaped}");
        client.ask(Method::POST, "/api/v1/auth/login").cookie(&odd).json(&json!({})).send().await;
        // What a client library does not send: such bytes in a header, or in the method.
        let authority = server.url().strip_prefix("http://").expect("plain HTTP");
        for head in [
            "GET /healthz HTTP/1.1\r\nuser-agent: \u{1b}[2Kforged",
            "GET /healthz HTTP/1.1\r\nuser-agent: \u{9b}31mforged",
            "GET /healthz HTTP/1.1\r\nuser-agent: a\rforged",
            "GET /healthz HTTP/1.1\r\nx-request-id: forged",
            "GET /healthz HTTP/1.1\r\nx-forwarded-for: forged\u{2028}",
            "GET\u{1b}forged /healthz HTTP/1.1",
            "GET /\u{1b}forged HTTP/1.1",
        ] {
            let mut stream = TcpStream::connect(authority).await.expect("the server listens");
            let request = format!("{head}\r\nhost: {authority}\r\nconnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await.expect("it is sent");
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.expect("it is answered");
        }
        let last = client.call(Method::GET, "/healthz", None, None).await;
        server.log().line_with(last.header("x-request-id").expect("an id")).await;
        server.log().since(0, |log| {
            assert!(!log.contains("forged"), "{log}");
            assert!(!log.contains(|c: char| c.is_control() && c != '\n' || c == '\u{2028}'), "{log:?}");
            for line in log.lines().filter(|line| line.contains("request")) {
                let whole = match format {
                    "json" => serde_json::from_str::<Value>(line).is_ok_and(|line| line["timestamp"].is_string()),
                    _ => line.as_bytes().get(10) == Some(&b'T') && line.as_bytes().get(26) == Some(&b'Z'),
                };
                assert!(whole, "{line:?}");
            }
        });
    }
}
