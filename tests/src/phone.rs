//! Somebody's authenticator. Its codes are made by `oathtool`, its camera is `zbarimg`.

use std::{io::Write, process::Command, time::Duration};

use base64ct::{Base64, Encoding};
use countersign_clock::{Clock, SystemClock};

/// An authenticator with one account in it.
#[derive(Clone, Debug)]
pub struct Phone {
    secret: String,
    digits: u8,
    /// The latest step a code was given for.
    last: u64,
}

const PERIOD: u64 = 30;

impl Phone {
    /// Adds the account by typing its secret.
    pub fn typed(secret: &str, digits: u8) -> Self {
        Self { secret: secret.to_owned(), digits, last: 0 }
    }

    /// Adds the account from its key URI, as a scanned QR code says it.
    pub fn from_uri(uri: &str) -> Self {
        assert!(uri.starts_with("otpauth://totp/"), "{uri}");
        let query = uri.split_once('?').expect("a key URI has parameters").1;
        let parameter = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
        let digits = parameter("digits").map_or(6, |digits| digits.parse().expect("digits are a number"));
        Self::typed(parameter("secret").expect("a key URI has a secret"), digits)
    }

    /// Adds the account with its camera, from a picture (PNG) of the QR code.
    pub fn scanning(picture: &[u8]) -> Self {
        Self::from_uri(&read_picture(picture))
    }

    /// The code of the next step that it has not given one for, waiting until the server takes it where that has to be.
    ///
    /// A server takes the code of the step before the present one, of the present one and of the next, each once. That of
    /// the step before is given only where it will be taken for a while yet.
    pub async fn code(&mut self) -> String {
        let (step, left) = (now() / PERIOD, PERIOD - now() % PERIOD);
        let oldest = if left >= PERIOD / 2 { step - 1 } else { step };
        self.code_from(oldest).await
    }

    /// The code of the present step, or of a later one: it is in the server's window for half a minute at least.
    pub async fn lasting_code(&mut self) -> String {
        self.code_from(now() / PERIOD).await
    }

    /// The code of the step to come, or of a later one.
    pub async fn code_ahead(&mut self) -> String {
        self.code_from(now() / PERIOD + 1).await
    }

    async fn code_from(&mut self, step: u64) -> String {
        let step = step.max(self.last + 1);
        self.last = step;
        let earliest = (step - 1) * PERIOD;
        if let Some(wait) = earliest.checked_sub(now()) {
            tokio::time::sleep(Duration::from_secs(wait)).await;
        }
        self.code_of(step)
    }

    /// The code it gave last, once more.
    pub fn last_code(&self) -> String {
        self.code_of(self.last)
    }

    /// A code that is right at no moment of this test.
    pub fn wrong(&self) -> String {
        let near: Vec<_> = (0..=20).map(|n| self.code_of(now() / PERIOD + n - 10)).collect();
        let width = usize::from(self.digits);
        (0_u32..)
            .map(|n| format!("{n:0width$}"))
            .find(|code| !near.contains(code))
            .expect("there are more codes than that")
    }

    /// The code so many steps after the one it gave last.
    pub fn code_after_last(&self, steps: i64) -> String {
        self.code_of(self.last.checked_add_signed(steps).expect("a step"))
    }

    /// The code of the present step, whether it was given before or not.
    pub fn present_code(&self) -> String {
        self.code_of(now() / PERIOD)
    }

    fn code_of(&self, step: u64) -> String {
        let output = Command::new("oathtool")
            .args(["--totp", "--base32", "--digits", &self.digits.to_string(), "--now", &format!("@{}", step * PERIOD)])
            .arg(&self.secret)
            .output()
            .expect("oathtool is installed: scripts/setup.sh test");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("digits").trim().to_owned()
    }
}

/// What `zbarimg` reads in a `data:image/png` URI.
pub fn scan(data_uri: &str) -> String {
    let base64 = data_uri.strip_prefix("data:image/png;base64,").expect("a PNG as data URI");
    read_picture(&Base64::decode_vec(base64).expect("Base64"))
}

/// What `zbarimg` reads in a picture (PNG).
fn read_picture(png: &[u8]) -> String {
    let mut file = tempfile::Builder::new().suffix(".png").tempfile().expect("a scratch file");
    file.write_all(png).expect("room for a picture");
    let output = Command::new("zbarimg")
        .args(["--quiet", "--raw"])
        .arg(file.path())
        .output()
        .expect("zbarimg is installed: scripts/setup.sh test");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text").trim_end().to_owned()
}

fn now() -> u64 {
    SystemClock::new().now().expect("the clock is past 1970").as_secs()
}
