//! Accounts of another system, with hashes that other programs made.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use countersign_tests::{
    phone::Phone,
    server::{Server, binary},
};
use reqwest::StatusCode;

const PASSWORD: &str = "a quiet sentence";
const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
/// By argon2-cffi 25.1 as it is by default, with this server's own parameters, and by bcrypt 5.0 of PyPI.
const ARGON2ID: &str =
    "$argon2id$v=19$m=65536,t=3,p=4$12ObPjFCvt4ZmJoT0pek2A$o7M/sALkgkYmQuoQJn7O5KJBueiuqEi9K1nhOFEjfFk";
const ARGON2ID_OURS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$1F681OQWJgIjanYgatrXZNy5fckQDrEL6X7vb2z7y+M";
const BCRYPT_2A: &str = "$2a$10$UD5tJU.b.wCILePfJXMzq.8euoqORWbiV5TUWrgi8ZzLSrFuG/3ge";

/// What a program says to `input`, and whether it did what it was asked.
fn ask(command: &mut Command, input: &str) -> (bool, String) {
    let mut process =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("runs");
    process.stdin.take().expect("stdin is piped").write_all(input.as_bytes()).expect("it listens");
    let output = process.wait_with_output().expect("it can be waited for");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).expect("it speaks UTF-8"))
}

fn import(server: &Server, lines: &[String], more: &[&str]) -> (bool, String) {
    let mut command = Command::new(binary());
    command.env_clear().env("COUNTERSIGN_DATA_DIR", server.data()).env("COUNTERSIGN_LOG", "warn");
    ask(command.args(["user", "import", "-"]).args(more), &lines.join("\n"))
}

/// By crypt(3).
fn bcrypt(cost: u8) -> String {
    let words = format!(r#"print crypt("{PASSWORD}", q($2b${cost:02}$abcdefghijklmnopqrstuu))"#);
    let (done, hash) = ask(Command::new("perl").args(["-e", &words]), "");
    assert!(done && hash.starts_with("$2b$"), "{hash}");
    hash
}

/// By Python's hashlib.
fn pbkdf2(iterations: u32) -> String {
    let words = format!(
        "import base64, hashlib, os; salt = os.urandom(16)\n\
         hash = hashlib.pbkdf2_hmac('sha256', b'{PASSWORD}', salt, {iterations})\n\
         text = lambda some: base64.b64encode(some).decode().rstrip('=')\n\
         print(f'$pbkdf2-sha256$i={iterations},l=32${{text(salt)}}${{text(hash)}}', end='')"
    );
    let (done, hash) = ask(Command::new("python3").args(["-c", &words]), "");
    assert!(done, "{hash}");
    hash
}

/// The stored password hash of each account, one a line, by Python's own SQLite.
fn stored(server: &Server) -> Vec<String> {
    let words = "import sqlite3, sys\n\
                 for row in sqlite3.connect(sys.argv[1]).execute('SELECT email, password FROM server_accounts ORDER BY email'): print(*row)";
    let file = server.data().join("countersign.db");
    let (done, rows) = ask(Command::new("python3").args(["-c", words]).arg(file), "");
    assert!(done, "{rows}");
    rows.lines().map(str::to_owned).collect()
}

fn line(email: &str, hash: &str, more: &str) -> String {
    format!(r#"{{"email":"{email}","password_hash":"{hash}"{more}}}"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_from_another_system_signs_in_and_gets_a_hash_of_today() {
    let server = Server::start(&[]).await;
    let hashes = [
        ("argon@example.com", ARGON2ID.to_owned()),
        ("bcrypt-a@example.com", BCRYPT_2A.to_owned()),
        ("bcrypt-b@example.com", bcrypt(12)),
        ("pbkdf@example.com", pbkdf2(600_000)),
        ("today@example.com", ARGON2ID_OURS.to_owned()),
    ];
    let lines: Vec<_> = hashes.iter().map(|(email, hash)| line(email, hash, "")).collect();
    let (done, said) = import(&server, &lines, &[]);
    assert!(done && said.contains("5 accounts were imported, 0 of them with a second factor."), "{said}");
    let found =
        |email: &str| stored(&server).into_iter().find_map(|row| Some(row.strip_prefix(email)?.trim().to_owned()));

    let client = server.client();
    for (email, hash) in &hashes {
        assert_eq!(found(email).as_ref(), Some(hash));
        client.login(email, "a quiet sentencE").await.refused(401, "invalid_credentials");
        assert_eq!(found(email).as_ref(), Some(hash), "a wrong password changes nothing");
        // Once by the old hash, once by the new one. Nobody of them ever had a second factor.
        for _ in 0..2 {
            assert_eq!(client.login(email, PASSWORD).await.body["status"], "2fa_setup_required", "{email}");
        }
        let new = found(email).expect("the account");
        assert!(new.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{new}");
        assert_eq!(&new == hash, hash == ARGON2ID_OURS, "{email}");
        client.login(email, "a quiet sentencE").await.refused(401, "invalid_credentials");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authenticator_that_comes_along_answers_each_code_once() {
    let server = Server::start(&[]).await;
    let lines = [
        line("typed@example.com", BCRYPT_2A, &format!(r#","secret":"{SECRET}""#)),
        line(
            "scanned@example.com",
            BCRYPT_2A,
            &format!(r#","uri":"otpauth://totp/Elsewhere:scanned?secret={SECRET}&digits=8&issuer=Elsewhere""#),
        ),
    ];
    let (done, said) = import(&server, &lines, &[]);
    assert!(done && said.contains("2 accounts were imported, 2 of them with a second factor."), "{said}");
    let client = server.client();
    for (email, digits) in [("typed@example.com", 6), ("scanned@example.com", 8)] {
        let mut phone = Phone::typed(SECRET, digits);
        let ticket = async || {
            let login = client.login(email, PASSWORD).await;
            assert_eq!(login.body["status"], "2fa_required", "{login:?}");
            login.text("ticket")
        };
        client.second_step(&ticket().await, &phone.wrong()).await.refused(401, "invalid_code");
        let code = phone.code().await;
        let done = client.second_step(&ticket().await, &code).await;
        assert_eq!(done.status, StatusCode::OK, "{done:?}");
        client.second_step(&ticket().await, &code).await.refused(401, "invalid_code");
        let again = client.second_step(&ticket().await, &phone.code().await).await;
        assert_eq!(again.status, StatusCode::OK, "{again:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_line_that_cannot_be_imported_keeps_all_of_them_out() {
    let server = Server::start(&[]).await;
    let good = line("ada@example.com", BCRYPT_2A, "");
    let secret = |secret: &str| line("eve@example.com", BCRYPT_2A, &format!(r#","secret":"{secret}""#));
    for (bad, why) in [
        ("{".to_owned(), "it is not JSON"),
        (line("eve@example.com", BCRYPT_2A, r#","password":"hunter2""#), "a field is missing, unknown,"),
        (line("eve", BCRYPT_2A, ""), "`email` is not an address"),
        (line("ADA@example.com", BCRYPT_2A, ""), "the same address as in line 1"),
        (line("eve@example.com", "hunter2", ""), "`password_hash` is neither Argon2id"),
        (line("eve@example.com", &BCRYPT_2A[..50], ""), "`password_hash` is damaged or cut short"),
        (line("eve@example.com", &BCRYPT_2A.replace("$10$", "$31$"), ""), "`password_hash` is too costly to check"),
        (line("eve@example.com", &pbkdf2(1).replace("i=1,", "i=2147483648,"), ""), "is too costly to check"),
        (line("eve@example.com", &ARGON2ID.replace("m=65536", "m=2097152"), ""), "is too costly to check"),
        (secret("GEZDGNBVGY3TQOJQ"), "the secret is too short"),
        (secret("01"), "not Base32"),
        (secret(&"A".repeat(17_000)), "it is longer than 16 KiB"),
    ] {
        let (done, said) = import(&server, &[good.clone(), String::new(), bad.clone()], &[]);
        assert!(!done, "{bad} was imported");
        let told = said.lines().find(|told| told.starts_with("line 3: ")).unwrap_or_else(|| panic!("{bad}: {said}"));
        assert!(told.contains(why), "{bad}: {told}");
        assert!(said.contains("1 of the lines cannot be imported; nothing was changed"), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
        assert!(stored(&server).is_empty(), "{bad}");
    }
    server.client().login("ada@example.com", PASSWORD).await.refused(401, "invalid_credentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_writes_nothing_and_an_account_that_is_there_stays_as_it_is() {
    let server = Server::start(&[]).await;
    let client = server.client();
    let _ = client.register("ada@example.com").await;
    let before = stored(&server);
    let lines = [
        line("Ada@Example.com", BCRYPT_2A, &format!(r#","secret":"{SECRET}""#)),
        line("eve@example.com", BCRYPT_2A, &format!(r#","secret":"{SECRET}""#)),
    ];
    let (done, said) = import(&server, &lines, &["--dry-run"]);
    assert!(done && said.contains("1 accounts would be imported, 1 of them with a second factor."), "{said}");
    assert_eq!(stored(&server), before);
    // The second time there is nothing left to do.
    for imported in [1, 0] {
        let (done, said) = import(&server, &lines, &[]);
        assert!(done && said.contains("line 1: there is an account with this address"), "{said}");
        assert!(said.contains(&format!("{imported} accounts were imported")), "{said}");
        assert!(said.contains(&format!("{} addresses have an account already", 2 - imported)), "{said}");
    }
    assert_eq!(stored(&server)[..1], before);
    client.login("ada@example.com", PASSWORD).await.refused(401, "invalid_credentials");
    assert_eq!(client.login("eve@example.com", PASSWORD).await.body["status"], "2fa_required");
}
