use countersign::{
    Answer, Challenge, History, ImportOptions, ImportProblem, ImportedLine, store::UserId, vault::legacy::LegacyKey,
};
use totp_rs::{Builder, Secret};

use crate::rig::{Rig, accepted, client, is_wrong, policy};

/// [`SECRET`] under [`crate::rig::KEY`], by Node's `crypto.createCipheriv("aes-256-gcm", key, iv)`.
const SEALED: &str = r#""{\"encrypted\":\"8554c06c17e2b562b5ac9d10940fcadf3f48464b8cf50ba5ac2b20c9a9d8692c\",\"iv\":\"000102030405060708090a0b0c0d0e0f\",\"authTag\":\"689870bc324349550c6b83d539c584fd\"}""#;

const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

async fn import(rig: &Rig, line: &str, options: &ImportOptions) -> Result<UserId, ImportProblem> {
    let rehearsed = rig.engine.rehearse_import(line, History::Never, options).await.unwrap();
    let before = rig.store.users(None, 100).await.unwrap();
    let imported = rig.engine.import(line, History::Never, options).await.unwrap();
    assert_eq!(rehearsed, imported, "a rehearsal says what the import does");
    match imported {
        ImportedLine::Imported(user) => {
            assert!(!before.contains(&user), "the rehearsal wrote nothing");
            Ok(user)
        }
        ImportedLine::Refused(problem) => Err(problem),
    }
}

async fn signs_in(rig: &Rig, user: &UserId, answer: Answer<'_>) -> countersign::Verification {
    let gate = rig.engine.after_first_factor(user, History::Enrolled, &client()).await.unwrap();
    let Challenge::Ticket(ticket) = gate else { panic!("no ticket") };
    rig.engine.verify(ticket.token.expose_str(), answer, &client()).await.unwrap()
}

fn code(secret: &str, digits: u8, secs: u64) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    Builder::new().with_secret(secret).with_digits(digits).build_noncompliant().generate(secs).to_string()
}

#[tokio::test]
async fn a_secret_a_uri_and_a_sealed_secret_sign_in_as_before() {
    let rig = Rig::new(policy()).await;
    let key = LegacyKey::from_hex(crate::rig::KEY).unwrap();
    let options = ImportOptions::new().legacy_key(key);
    let plain = format!(r#"{{"user":"one","secret":"{SECRET}","digits":8,"name":"Old phone"}}"#);
    let uri =
        format!(r#"{{"user":"two","uri":"otpauth://totp/Example:two@example.com?secret={SECRET}&issuer=Example"}}"#);
    let sealed = format!(r#"{{"user":"three","sealed":{{"hex_json":{SEALED}}}}}"#);
    for (line, digits) in [(plain, 8), (uri, 6), (sealed, 6)] {
        let user = import(&rig, &line, &options).await.unwrap();
        let typed = code(SECRET, digits, rig.secs());
        assert!(is_wrong(signs_in(&rig, &user, Answer::Code(&code(SECRET, digits, rig.secs() + 300))).await));
        let _ = accepted(signs_in(&rig, &user, Answer::Code(&typed)).await);
        assert!(is_wrong(signs_in(&rig, &user, Answer::Code(&typed)).await));
    }
    let status = rig.engine.status(&UserId::new("one").unwrap()).await.unwrap();
    assert_eq!((status.enabled, status.factors[0].name.as_str(), status.backup_codes_left), (true, "Old phone", 0));
}

#[tokio::test]
async fn backup_codes_hashed_elsewhere_burn_once() {
    let rig = Rig::new(policy()).await;
    // python3: base64.b64encode(hashlib.pbkdf2_hmac('sha256', b'abcd-1234', b'saltsalt', 1000))
    let hash = "pbkdf2_sha256$1000$saltsalt$S398Bw4N8t4Ll6LxXu/7QajplzO5sBnJR7kZJ7DeicU=";
    let line = format!(r#"{{"user":"one","secret":"{SECRET}","backup_codes":["{hash}"]}}"#);
    let user = import(&rig, &line, &ImportOptions::new()).await.unwrap();
    assert!(is_wrong(signs_in(&rig, &user, Answer::BackupCode("abcd-1235")).await));
    let _ = accepted(signs_in(&rig, &user, Answer::BackupCode("abcd-1234")).await);
    assert!(is_wrong(signs_in(&rig, &user, Answer::BackupCode("abcd-1234")).await));
}

#[tokio::test]
async fn a_short_secret_needs_the_word_danger() {
    let rig = Rig::new(policy()).await;
    let line = r#"{"user":"one","secret":"GEZDGNBVGY3TQOJQ"}"#;
    assert_eq!(import(&rig, line, &ImportOptions::new()).await, Err(ImportProblem::Secret));
    let user = import(&rig, line, &ImportOptions::new().danger_short_secrets()).await.unwrap();
    let _ = accepted(signs_in(&rig, &user, Answer::Code(&code("GEZDGNBVGY3TQOJQ", 6, rig.secs()))).await);
}

#[tokio::test]
async fn a_user_with_a_second_factor_is_left_alone() {
    let ada = crate::rig::Enrolled::new().await;
    let line = format!(r#"{{"user":"{}","secret":"{SECRET}"}}"#, ada.rig.user);
    assert_eq!(import(&ada.rig, &line, &ImportOptions::new()).await, Err(ImportProblem::Enrolled));
    let vanished = format!(r#"{{"user":"nobody","secret":"{SECRET}"}}"#);
    let answer = ada.rig.engine.import(&vanished, History::Enrolled, &ImportOptions::new()).await.unwrap();
    assert_eq!(answer, ImportedLine::Refused(ImportProblem::Enrolled));
    let _ = accepted(ada.sign_in(Answer::Code(&ada.code(1))).await);
}

/// What was taken away or struck out is not brought back by importing: an admin's reset leads to enrolment, a disabled factor to
/// an admin.
#[tokio::test]
async fn neither_a_reset_nor_a_disabled_account_is_imported_over() {
    let ada = crate::rig::Enrolled::new().await;
    let line = format!(r#"{{"user":"{}","secret":"{SECRET}"}}"#, ada.rig.user);
    let _ = ada.rig.engine.reset(&ada.rig.user).await.unwrap();
    assert_eq!(import(&ada.rig, &line, &ImportOptions::new()).await, Err(ImportProblem::Enrolled));
    assert!(!ada.rig.engine.status(&ada.rig.user).await.unwrap().enabled);
}

#[tokio::test]
async fn an_import_is_noted_with_its_factor() {
    let rig = Rig::new(policy()).await;
    let line = format!(r#"{{"user":"one","secret":"{SECRET}"}}"#);
    let user = import(&rig, &line, &ImportOptions::new()).await.unwrap();
    let factor = rig.engine.status(&user).await.unwrap().factors[0].id.to_string();
    assert_eq!(rig.detail(&user, "imported").await, (Some(factor), Some("totp".to_owned())));
}

#[tokio::test]
async fn a_line_that_cannot_be_read_says_why_and_changes_nothing() {
    let rig = Rig::new(policy()).await;
    for (line, problem) in [
        ("", ImportProblem::Form),
        ("[]", ImportProblem::Form),
        (r#"{"user":"one","secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","admin":true}"#, ImportProblem::Form),
        (r#"{"user":"one","user":"two","secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}"#, ImportProblem::Form),
        (r#"{"user":"","secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}"#, ImportProblem::User),
        (r#"{"user":"one"}"#, ImportProblem::Source),
        (
            r#"{"user":"one","secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","uri":"otpauth://totp/a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}"#,
            ImportProblem::Source,
        ),
        (
            r#"{"user":"one","uri":"otpauth://totp/a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","digits":8}"#,
            ImportProblem::Source,
        ),
        (r#"{"user":"one","secret":"not base 32!"}"#, ImportProblem::Secret),
        (r#"{"user":"one","secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","digits":9}"#, ImportProblem::Secret),
        (r#"{"user":"one","secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","period":0}"#, ImportProblem::Secret),
        (r#"{"user":"one","secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","algorithm":"MD5"}"#, ImportProblem::Secret),
        (r#"{"user":"one","sealed":{"base64":"AAAA"}}"#, ImportProblem::Sealed),
        (
            r#"{"user":"one","secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","backup_codes":["plain"]}"#,
            ImportProblem::BackupCodes,
        ),
    ] {
        assert_eq!(import(&rig, line, &ImportOptions::new()).await, Err(problem), "{line}");
    }
    assert!(rig.store.users(None, 10).await.unwrap().is_empty());
}
