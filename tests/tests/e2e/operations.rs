use std::{os::unix::fs::PermissionsExt, process::Command};

use countersign_tests::{
    client::{Client, PASSWORD},
    person::Person,
    server::{Server, binary},
};
use reqwest::{Method, StatusCode};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn the_first_start_makes_a_folder_and_a_key_file_for_nobody_else() {
    let server = Server::start(&[]).await;
    let mode = |path: &std::path::Path| path.metadata().expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&server.data()), 0o700);
    let files: Vec<_> =
        server.data().read_dir().expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    assert!(files.len() >= 2, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_that_it_lives_that_it_is_ready_and_what_it_answers() {
    let server = Server::start(&[]).await;
    let client = server.client();
    for path in ["/healthz", "/readyz", "/openapi.json"] {
        assert_eq!(client.call(Method::GET, path, None, None).await.status, StatusCode::OK, "{path}");
    }
    client.call(Method::GET, "/api/v1/nowhere", None, None).await.refused(404, "not_found");
    let wrong_method = client.call(Method::GET, "/api/v1/auth/login", None, None).await;
    wrong_method.refused(405, "method_not_allowed");
    assert!(wrong_method.header("allow").is_some_and(|allow| allow.contains("POST")));
    let large = json!({"email": "a".repeat(70_000), "password": "x"});
    client.post("/auth/login", None, large).await.refused(413, "body_too_large");
}

/// How many slow hashes the server has done, as its counters say.
async fn slow_hashes(client: &Client) -> u64 {
    let metrics = client.ask(Method::GET, "/metrics").send_for_a_page().await.text;
    let count = metrics.lines().find_map(|line| line.strip_prefix("countersign_argon2_hashes_total "));
    count.map_or(0, |count| count.parse().expect("a count"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_costs_one_slow_hash_whoever_is_named_and_one_that_is_refused_before_none() {
    const WRONG: &str = "a wrong but long password";
    let server = Server::start(&[]).await;
    let client = server.client();
    let mut ada = Person::enrol(client.clone(), "ada@example.com").await;
    let long = "w".repeat(5000);
    for (email, password, status) in [
        ("ada@example.com", PASSWORD, 200),
        ("ada@example.com", WRONG, 401),
        ("ADA@example.com.", WRONG, 401),
        ("nobody@example.com", WRONG, 401),
        ("nobody@example.com", "short", 401),
        ("no address at all", WRONG, 401),
        ("nobody@example.com", &long, 401),
        ("ada@example.com", &long, 401),
    ] {
        let before = slow_hashes(&client).await;
        assert_eq!(client.login(email, password).await.status, status, "{email}");
        assert_eq!(slow_hashes(&client).await, before + 1, "{email}, {} characters", password.len());
    }
    // A backup code, right or wrong, whatever the number of those that are left.
    let ticket = ada.ticket().await;
    for code in ["AAAA-BBBB-CCCC-DDDD".to_owned(), ada.backup_code(), ada.backup_codes[0].clone()] {
        let ticket = if code == ada.backup_codes[0] { ada.ticket().await } else { ticket.clone() };
        let before = slow_hashes(&client).await;
        client.second_step_by_backup_code(&ticket, &code).await;
        assert_eq!(slow_hashes(&client).await, before + 1, "{code}");
    }
    // No ticket, a code of an authenticator, a spent budget: none.
    let before = slow_hashes(&client).await;
    client.second_step_by_backup_code("no-ticket-at-all", &ada.backup_codes[1]).await.refused(401, "ticket_invalid");
    for email in ["ada@example.com", "nobody@example.com"] {
        while client.login(email, WRONG).await.status == 401 {}
    }
    let spent = slow_hashes(&client).await;
    // Ada has had three wrong ones and nobody three, of five each.
    assert_eq!(spent, before + 2 + 2);
    for email in ["ada@example.com", "nobody@example.com"] {
        client.login(email, PASSWORD).await.refused(429, "rate_limited");
    }
    assert_eq!(slow_hashes(&client).await, spent);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stops_when_asked() {
    let server = Server::start(&[]).await;
    assert!(server.stop().await.success());
}

#[test]
fn a_bad_setting_stops_the_start_with_one_sentence_that_names_it() {
    for (name, value) in [
        ("COUNTERSIGN_LISTEN", "nowhere"),
        ("COUNTERSIGN_DIGITS", "9"),
        ("COUNTERSIGN_2FA_LIMIT", "often"),
        ("COUNTERSIGN_LOGIN_LIMIT", "0/15m"),
        ("COUNTERSIGN_REQUIRE_2FA", "perhaps"),
        ("COUNTERSIGN_TRUSTED_PROXIES", "everybody"),
        ("COUNTERSIGN_PUBLIC_URL", "example.com"),
        ("TOTP_ENCRYPTION_KEY", "0000000000000000000000000000000000000000000000000000000000000000"),
    ] {
        let scratch = tempfile::TempDir::new().expect("a scratch folder");
        // One that starts after all does not stop by itself.
        let output = Command::new("timeout")
            .arg("20")
            .arg(binary())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("COUNTERSIGN_DATA_DIR", scratch.path().join("data"))
            .env("COUNTERSIGN_LISTEN", "127.0.0.1:0")
            .env(name, value)
            .output()
            .expect("the server runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{name}={value} started");
        assert!(said.contains(name), "{name}={value}: {said}");
        assert_eq!(said.trim().lines().count(), 1, "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn registering_checks_what_it_is_given() {
    let server = Server::start(&[]).await;
    let client = server.client();
    let _ = client.register("Ada@Example.com").await;
    let register = |email: &str, password: &str| {
        client.post("/auth/register", None, json!({"email": email, "password": password}))
    };
    register("ada@example.COM ", PASSWORD).await.refused(409, "user_exists");
    register("no-address", PASSWORD).await.refused(400, "invalid_email");
    register("bob@example.com", "short").await.refused(400, "weak_password");
    register("bob@example.com", "password123").await.refused(400, "weak_password");
    register("bobby@example.com", "bobby@example.com").await.refused(400, "weak_password");
    // 8 to 1,024 characters, whatever they are made of.
    for (n, characters) in [8, 64, 1024].into_iter().enumerate() {
        let password: String = "zażółć gęślą jaźń".chars().cycle().take(characters).collect();
        let email = format!("long{n}@example.com");
        assert_eq!(register(&email, &password).await.status, StatusCode::CREATED, "{characters}");
        assert_eq!(client.login(&email, &password).await.status, StatusCode::OK, "{characters}");
    }
    let long: String = "zażółć gęślą jaźń".chars().cycle().take(1025).collect();
    for password in ["zażółć ", &long] {
        register("bob@example.com", password).await.refused(400, "weak_password");
    }
}

/// Runs a command of an operator on the data of a server, and gives whether it did what it was asked, and what it said.
fn operate(server: &Server, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(binary())
        .env_clear()
        .env("COUNTERSIGN_DATA_DIR", server.data())
        .env("COUNTERSIGN_LOG", "warn")
        .args(arguments)
        .output()
        .expect("the server runs");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).expect("it speaks UTF-8"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_goes_once_the_events_under_it_are_pruned_and_what_is_left_is_proved() {
    let server = Server::start(&[]).await;
    let ada = Person::enrol(server.client(), "ada@example.com").await;
    assert!(operate(&server, &["keys", "new"]).0);
    let (_, listed) = operate(&server, &["keys", "list"]);
    let [old, new] = [0, 1].map(|line| {
        let key = listed.lines().nth(line).and_then(|line| line.split_whitespace().next());
        key.expect("a key a line").to_owned()
    });
    assert!(operate(&server, &["keys", "activate", &new]).0);
    let server = server.kill_and_restart().await;
    assert!(operate(&server, &["keys", "rotate"]).0);
    let client = server.client();
    let sign_in = async |code: usize| {
        let ticket = client.ticket("ada@example.com").await;
        let done = client.second_step_by_backup_code(&ticket, &ada.backup_codes[code]).await;
        assert_eq!(done.status, StatusCode::OK, "{done:?}");
        done.text("access_token")
    };
    // Under the new key, and then the sessions of the old one end.
    let token = sign_in(0).await;
    let ended = client.call(Method::DELETE, "/api/v1/sessions", Some(&token), None).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    let (removed, said) = operate(&server, &["keys", "remove", &old]);
    assert!(!removed && said.contains("is needed by 2 events of audit trails\n"), "{said}");

    let rehearse = ["audit", "prune", "--older-than", "0s", "--rehearse"];
    let (done, rehearsed) = operate(&server, &rehearse);
    assert!(done && rehearsed.contains("4 events older than 0s would be let go of"), "{rehearsed}");
    assert_eq!(operate(&server, &rehearse).1, rehearsed, "a rehearsal writes nothing");
    let (done, pruned) = operate(&server, &["audit", "prune", "--older-than", "0s"]);
    assert!(done && pruned.contains("4 events older than 0s are gone"), "{pruned}");
    let _ = sign_in(1).await;
    let (whole, verified) = operate(&server, &["audit", "verify", "ada@example.com"]);
    assert!(whole && verified.contains("1 trails checked, 0 not as they were written."), "{verified}");
    let (removed, said) = operate(&server, &["keys", "remove", &old]);
    assert!(removed, "{said}");

    let server = server.kill_and_restart().await;
    let (whole, verified) = operate(&server, &["audit", "verify"]);
    assert!(whole && verified.contains("1 trails checked, 0 not as they were written."), "{verified}");
    let ticket = server.client().ticket("ada@example.com").await;
    let done = server.client().second_step_by_backup_code(&ticket, &ada.backup_codes[2]).await;
    assert_eq!(done.status, StatusCode::OK, "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operators_reset_ends_the_sessions_of_a_server_that_runs() {
    let server = Server::start(&[]).await;
    let ada = Person::enrol(server.client(), "ada@example.com").await;
    assert!(ada.session.is_alive(&ada.client).await);
    let (done, said) = operate(&server, &["user", "reset-2fa", "ada@example.com"]);
    assert!(done, "{said}");
    // Another process raised the epoch and touched no session: each use of one compares.
    ada.session.assert_ended(&ada.client).await;
    assert_eq!(ada.client.login("ada@example.com", PASSWORD).await.body["status"], "2fa_setup_required");
}
