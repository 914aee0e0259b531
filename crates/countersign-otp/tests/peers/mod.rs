//! Codes of other people's making: oathtool (liboath), pyotp and totp-rs. Never our own code on both sides.

mod cases;

use std::{
    io::Write as _,
    process::{Command, Stdio},
    thread,
};

use cases::Case;
use countersign_otp::{Algorithm, Digits, Hotp, Secret, Steam, UnixTime};

/// As many as a run in CI takes; the long run takes ten times as many.
const TENTH: usize = 100_000;

#[test]
fn totp_rs() {
    agrees_with_totp_rs(TENTH, 1);
}

#[test]
#[ignore = "the long run: cargo test -p countersign-otp --release --test all -- --ignored million"]
fn totp_rs_million() {
    agrees_with_totp_rs(10 * TENTH, cases::any_seed());
}

#[test]
fn pyotp() {
    agrees_with_pyotp(TENTH, 2);
}

#[test]
#[ignore = "the long run: cargo test -p countersign-otp --release --test all -- --ignored million"]
fn pyotp_million() {
    agrees_with_pyotp(10 * TENTH, cases::any_seed());
}

#[test]
fn oathtool_totp() {
    for case in cases::random(400, 3) {
        // oathtool reads dates, which end before 64 bits do.
        let case = Case { time: case.time % 250_000_000_000, ..case };
        let output = oathtool(&[
            &format!("--totp={}", case.algorithm),
            &format!("--digits={}", case.digits),
            &format!("--time-step-size={}s", case.period.as_secs()),
            &format!("--now=@{}", case.time),
            &hex(&case.secret),
        ]);
        assert_eq!(output.trim(), case.totp().code_at(UnixTime::from_secs(case.time)).as_str(), "{case:?}");
    }
}

#[test]
fn oathtool_hotp() {
    for case in cases::random(100, 4) {
        let counter = case.time % (1 << 62);
        let output = oathtool(&[
            "--hotp",
            &format!("--counter={counter}"),
            "--window=3",
            &format!("--digits={}", case.digits),
            &hex(&case.secret),
        ]);
        let hotp = Hotp::new(Secret::from_bytes(&case.secret).unwrap()).digits(case.digits);
        let codes: Vec<String> = (counter..counter + 4).map(|counter| hotp.code(counter).to_string()).collect();
        assert_eq!(output.split_whitespace().collect::<Vec<_>>(), codes, "{case:?}");
    }
}

#[test]
fn steam() {
    for case in cases::random(1000, 5) {
        let theirs = totp_rs::Builder::new()
            .with_algorithm(totp_rs::Algorithm::Steam)
            .with_digits(5)
            .with_secret(case.secret.clone())
            .build()
            .unwrap();
        let steam = Steam::new(Secret::from_bytes(&case.secret).unwrap());
        assert_eq!(steam.code_at(UnixTime::from_secs(case.time)).as_str(), theirs.generate(case.time).to_string());
    }
}

fn agrees_with_totp_rs(count: usize, seed: u64) {
    for case in cases::random(count, seed) {
        let algorithm = match case.algorithm {
            Algorithm::Sha1 => totp_rs::Algorithm::SHA1,
            Algorithm::Sha256 => totp_rs::Algorithm::SHA256,
            Algorithm::Sha512 => totp_rs::Algorithm::SHA512,
        };
        let theirs = totp_rs::Builder::new()
            .with_algorithm(algorithm)
            .with_digits(case.digits.get())
            .with_step_duration(case.period.as_secs())
            .with_secret(case.secret.clone())
            .build()
            .unwrap();
        let code = case.totp().code_at(UnixTime::from_secs(case.time));
        assert_eq!(code.as_str(), theirs.generate(case.time).to_string(), "seed {seed}: {case:?}");
    }
}

fn agrees_with_pyotp(count: usize, seed: u64) {
    let folder = concat!(env!("CARGO_TARGET_TMPDIR"), "/pyotp");
    let peers = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers");
    let made = Command::new(format!("{peers}/pyotp.sh")).arg(folder).status().expect("tests/peers/pyotp.sh runs");
    assert!(made.success(), "pyotp is missing: it needs python3 with venv, and pip needs a package index");

    let mut python = Command::new(format!("{folder}/bin/python"))
        .arg(format!("{peers}/pyotp_codes.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = python.stdin.take().unwrap();
    // From another thread, as Python would block on a full pipe while nobody reads.
    let writer = thread::spawn(move || {
        let mut lines = String::new();
        for case in cases::random(count, seed) {
            let secret = base32::encode(base32::Alphabet::Rfc4648 { padding: false }, &case.secret);
            let step = case.time / case.period.as_secs();
            lines += &format!("{secret} {} {} {step}\n", case.algorithm, case.digits);
        }
        input.write_all(lines.as_bytes()).unwrap();
    });
    let output = python.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "pyotp_codes.py failed");

    let output = String::from_utf8(output.stdout).unwrap();
    let mut theirs = output.lines();
    for case in cases::random(count, seed) {
        let code = case.totp().code_at(UnixTime::from_secs(case.time));
        assert_eq!(Some(code.as_str()), theirs.next(), "seed {seed}: {case:?}");
    }
    assert_eq!(theirs.next(), None);
}

fn oathtool(arguments: &[&str]) -> String {
    let output =
        Command::new("oathtool").args(arguments).output().expect("oathtool is missing: install the package `oathtool`");
    assert!(output.status.success(), "oathtool {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the peers are not asked: no generator of theirs takes digits that ours does not.
#[test]
fn every_number_of_digits_is_compared() {
    let digits: std::collections::BTreeSet<Digits> = cases::random(100, 1).map(|case| case.digits).collect();
    assert_eq!(digits.len(), 3);
}
