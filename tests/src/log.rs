//! What a server has logged.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::timeout};

/// The lines of one process, as they come.
#[derive(Clone, Debug)]
pub struct Log(Arc<watch::Sender<String>>);

impl Default for Log {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(String::new())))
    }
}

impl Log {
    /// Waits for a line with this in it.
    pub async fn line_with(&self, text: &str) -> String {
        let mut seen = self.0.subscribe();
        let found = seen.wait_for(|log| log.lines().any(|line| line.contains(text)));
        let log = timeout(Duration::from_secs(30), found)
            .await
            .unwrap_or_else(|_| panic!("no {text:?} in the log: {}", self.end(4000)))
            .expect("somebody writes the log");
        log.lines().find(|line| line.contains(text)).expect("it was just there").to_owned()
    }

    /// Waits until so many lines have all of these in them.
    pub async fn lines_with(&self, texts: &[&str], count: usize) {
        let mut seen = self.0.subscribe();
        let has_all = |line: &&str| texts.iter().all(|text| line.contains(text));
        let found = seen.wait_for(|log| log.lines().filter(has_all).count() >= count);
        let found = timeout(Duration::from_secs(30), found).await;
        drop(found.unwrap_or_else(|_| panic!("not {count} lines with {texts:?} in the log: {}", self.end(4000))));
    }

    /// Lets `look` read what came after the first `start` bytes, and gives the length of all of it.
    pub fn since(&self, start: usize, look: impl FnOnce(&str)) -> usize {
        let log = self.0.borrow();
        look(&log[start..]);
        log.len()
    }

    /// The last so many bytes, more or less.
    pub fn end(&self, bytes: usize) -> String {
        let log = self.0.borrow();
        let start = (log.len().saturating_sub(bytes)..=log.len()).find(|at| log.is_char_boundary(*at)).unwrap_or(0);
        log[start..].to_owned()
    }

    pub(crate) fn push(&self, line: &str) {
        self.0.send_modify(|log| {
            log.push_str(line);
            log.push('\n');
        });
    }
}
