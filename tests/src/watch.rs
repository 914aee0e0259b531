//! The eye on everything secret: what was sent or given in a test must not turn up where it has no business.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use serde_json::Value;

use crate::{client::Answer, log::Log};

/// The secrets of one test so far, and the logs that none of them may be in. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Watch(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    secrets: Mutex<BTreeSet<String>>,
    logs: Vec<(Log, Mutex<usize>)>,
}

/// The fields, of requests and of answers, whose values let somebody in.
const FIELDS: [&str; 13] = [
    "password",
    "current",
    "new",
    "code",
    "backup_code",
    "backup_codes",
    "ticket",
    "setup_token",
    "access_token",
    "refresh_token",
    "secret",
    "otpauth_uri",
    "qr_svg",
];

impl Watch {
    /// Watches these logs, from where they are now.
    pub fn over(logs: impl IntoIterator<Item = Log>) -> Self {
        let logs = logs.into_iter().map(|log| (log.clone(), Mutex::new(log.since(0, |_| ()))));
        Self(Arc::new(Inner { secrets: Mutex::default(), logs: logs.collect() }))
    }

    /// Keeps an eye on this. What is shorter than six characters would be found everywhere.
    pub fn add(&self, secret: &str) {
        if secret.trim().len() >= 6 {
            self.0.secrets.lock().expect("nobody panicked").insert(secret.to_owned());
        }
    }

    /// Keeps an eye on all that lets somebody in, in a body that was sent or came back.
    pub fn add_all(&self, body: &Value) {
        for field in FIELDS {
            match &body[field] {
                Value::String(secret) => self.add(secret),
                Value::Array(secrets) => secrets.iter().filter_map(Value::as_str).for_each(|secret| self.add(secret)),
                _ => {}
            }
        }
    }

    /// Asserts that a refusal has none of them, in its headers and its body.
    #[track_caller]
    pub fn check_refusal(&self, answer: &Answer) {
        let headers = answer.headers.iter().map(|(name, value)| format!("{name}: {value:?}\n"));
        let text = headers.chain([answer.text.clone()]).collect::<String>();
        self.assert_none_in(&text, "a refusal");
    }

    /// Asserts that what came into the logs since the last time has none of them, and no panic.
    #[track_caller]
    pub fn check_logs(&self) {
        for (log, read) in &self.0.logs {
            let mut read = read.lock().expect("nobody panicked");
            *read = log.since(*read, |new| {
                assert!(!new.contains("panicked"), "a panic in the log:\n{new}");
                // Without the time in front, which has six digits in a row too.
                let lines = new.lines().map(|line| line.split_once(' ').map_or(line, |(_, rest)| rest));
                self.assert_none_in(&lines.collect::<Vec<_>>().join("\n"), "the log");
            });
        }
    }

    #[track_caller]
    fn assert_none_in(&self, text: &str, place: &str) {
        for secret in self.0.secrets.lock().expect("nobody panicked").iter() {
            assert!(!is_in(secret, text), "{secret:?} is in {place}:\n{text}");
        }
    }
}

/// Whether a secret stands in a text, and not merely inside a longer number or word.
fn is_in(secret: &str, text: &str) -> bool {
    let part_of_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.match_indices(secret).any(|(at, found)| {
        let (before, after) = (text[..at].chars().next_back(), text[at + found.len()..].chars().next());
        secret.len() > 8 || !(part_of_word(before) || part_of_word(after))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_and_a_longer_number_is_not_it() {
        assert!(is_in("123456", "code=123456 refused"));
        assert!(is_in("123456", "123456"));
        assert!(!is_in("123456", "id=7c123456"));
        assert!(!is_in("123456", "1234567"));
        assert!(is_in("a-long-ticket-of-ours", "xa-long-ticket-of-oursx"));
    }

    #[test]
    #[should_panic(expected = "is in the log")]
    fn a_secret_in_a_log_is_seen() {
        let log = Log::default();
        let watch = Watch::over([log.clone()]);
        watch.add_all(&serde_json::json!({"code": "123456"}));
        log.push("2026-01-01T00:00:00.654321Z INFO code=\"123456\"");
        watch.check_logs();
    }
}
