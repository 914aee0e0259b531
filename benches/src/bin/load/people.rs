use std::{
    fs::{self, File},
    io::{self, BufWriter, Write as _},
    path::Path,
};

use countersign_clock::{Clock as _, SystemClock};
use totp_rs::{Algorithm, Builder};

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery staple";

/// Somebody who may sign in.
pub struct Person {
    pub email: String,
    /// Base32.
    pub secret: String,
    /// An open one.
    pub ticket: String,
}

impl Person {
    /// The code of this moment, by another library than the one under test.
    pub fn code(&self) -> String {
        let secret = base32::decode(base32::Alphabet::Rfc4648 { padding: false }, &self.secret).expect("Base32");
        let totp = Builder::new().with_secret(secret).with_algorithm(Algorithm::SHA1).build_noncompliant();
        totp.generate(SystemClock::new().now().expect("a clock").as_secs()).to_string()
    }

    /// The body of the first step.
    pub fn sign_in(&self) -> String {
        format!(r#"{{"email":"{}","password":"{PASSWORD}"}}"#, self.email)
    }

    /// The body of the second step.
    pub fn second_step(&self) -> String {
        format!(r#"{{"ticket":"{}","code":"{}"}}"#, self.ticket, self.code())
    }
}

/// A file of people, one a line.
pub struct Output(BufWriter<File>);

impl Output {
    pub fn create(path: &Path) -> io::Result<Self> {
        File::create(path).map(BufWriter::new).map(Self)
    }

    pub fn write(&mut self, person: &Person) -> io::Result<()> {
        writeln!(self.0, "{} {} {}", person.email, person.secret, person.ticket)
    }

    pub fn finish(mut self) -> io::Result<()> {
        self.0.flush()
    }
}

pub fn read(path: &Path) -> io::Result<Vec<Person>> {
    let person = |line: &str| {
        let mut words = line.split(' ').map(str::to_owned);
        Some(Person { email: words.next()?, secret: words.next()?, ticket: words.next()? })
    };
    let people: Option<Vec<_>> = fs::read_to_string(path)?.lines().map(person).collect();
    people.ok_or_else(|| io::ErrorKind::InvalidData.into())
}
