//! Shows to valgrind's memcheck that no branch and no address depends on a secret, a code or a candidate.
//!
//! Secrets, candidates and texts are declared undefined before they are handed in; memcheck then reports every branch on, and
//! every access indexed by, anything computed from them. The one function that makes an outcome public is excused by
//! `tests/constant-time.supp`. With the argument `broken` the program compares a code as one must not, which has to be
//! reported, or the check itself is broken.
//!
//! Run by `tests/constant-time.sh`. valgrind 3.19 hides the SHA extensions from the program, so what is checked is the
//! portable path of the hash crates.

use std::process::ExitCode;

use countersign_otp::{
    Algorithm, Code, Digits, Hotp, LookAhead, ResyncReach, Secret, Steam, Step, Totp, UnixTime, Window,
};
use countersign_tests::valgrind::{defined, is_watching, known, known_bytes, secret_text, undefined};

const NOW: UnixTime = UnixTime::from_secs(1_234_567_890);

fn main() -> ExitCode {
    if !is_watching() {
        eprintln!("run me under valgrind: tests/constant-time.sh");
        return ExitCode::FAILURE;
    }
    match std::env::args().nth(1).as_deref() {
        None => {
            for algorithm in [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512] {
                for digits in [Digits::SIX, Digits::SEVEN, Digits::EIGHT] {
                    totp(algorithm, digits);
                    hotp(algorithm, digits);
                }
            }
            steam();
            base32();
            println!("checked");
            ExitCode::SUCCESS
        }
        Some("broken") => {
            let code = known(make_totp(Algorithm::Sha1, Digits::SIX).code_at(NOW).as_str());
            println!("{}", early_exit(&secret_text("000000"), &secret_text(&code)));
            ExitCode::SUCCESS
        }
        Some(_) => ExitCode::FAILURE,
    }
}

/// Generate, and verify with the match first, in the middle, last, nowhere, and used already.
fn totp(algorithm: Algorithm, digits: Digits) {
    let totp = make_totp(algorithm, digits);
    let window = Window::new(2, 2).expect("within bounds");
    for (offset, after, expected) in [
        (-60_i64, None, "Accepted"),
        (0, None, "Accepted"),
        (60, None, "Accepted"),
        (300, None, "Wrong"),
        (-30, Some(totp.step_at(NOW)), "Replayed"),
    ] {
        let at = UnixTime::from_secs(NOW.as_secs().checked_add_signed(offset).expect("far from the ends"));
        let code = known(totp.code_at(at).as_str());
        for spaced in [code.clone(), format!(" {} {}", &code[..3], &code[3..])] {
            let verdict = totp.verify(&secret_text(&spaced), NOW, window, after);
            assert!(format!("{verdict:?}").starts_with(expected), "{offset}: {verdict:?}");
        }
        same(&totp.code_at(at), &totp.code_at(at));
    }
    let verdict = totp.verify(&secret_text("12345x"), NOW, window, Some(Step::new(1)));
    assert_eq!(format!("{verdict:?}"), "Malformed");
    let diagnosis = totp.diagnose(&secret_text(&known(totp.code_at(UnixTime::from_secs(0)).as_str())), NOW, 20);
    assert_eq!(format!("{diagnosis:?}"), "Unexplained");
}

fn hotp(algorithm: Algorithm, digits: Digits) {
    let hotp = Hotp::new(secret(algorithm)).algorithm(algorithm).digits(digits);
    for (counter, expected) in [(7, Some(8)), (12, Some(13)), (13, None)] {
        let code = known(hotp.code(counter).as_str());
        assert_eq!(hotp.verify(&secret_text(&code), 7, LookAhead::default()).next_counter(), expected);
    }
    let [first, second] = [40, 41].map(|counter| secret_text(&known(hotp.code(counter).as_str())));
    assert_eq!(hotp.resync(&first, &second, None, 7, ResyncReach::default()).next_counter(), Some(42));
}

fn steam() {
    let steam = Steam::new(secret(Algorithm::Sha1));
    let code = known(steam.code_at(NOW).as_str());
    let verdict = steam.verify(&secret_text(&code), NOW, Window::default(), None);
    assert!(verdict.accepted().is_some());
    let verdict = steam.verify(&secret_text("AAAAA"), NOW, Window::default(), None);
    assert_eq!(format!("{verdict:?}"), "Malformed");
}

/// Both ways, the text with and without separators, in either case.
fn base32() {
    for algorithm in [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512] {
        let text = known(secret(algorithm).to_base32().expose());
        for text in [text.clone(), text.to_lowercase(), text[..4].to_owned() + " - " + &text[4..], text.clone() + "=="]
        {
            let decoded = Secret::from_base32(&secret_text(&text)).expect("Base32");
            assert_eq!(known_bytes(decoded.expose_bytes()), known_bytes(secret(algorithm).expose_bytes()));
        }
        assert!(Secret::from_base32(&secret_text("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ1")).is_err());
    }
}

fn same(left: &Code, right: &Code) {
    let mut same = u8::from(left == right);
    defined(std::slice::from_mut(&mut same));
    assert_eq!(same, 1);
}

/// How a comparison must not be.
#[inline(never)]
fn early_exit(left: &str, right: &str) -> bool {
    left.bytes().zip(right.bytes()).all(|(left, right)| left == right)
}

fn make_totp(algorithm: Algorithm, digits: Digits) -> Totp {
    Totp::new(secret(algorithm)).algorithm(algorithm).digits(digits)
}

fn secret(algorithm: Algorithm) -> Secret {
    let mut bytes: Vec<u8> = (7_u8..).step_by(3).take(algorithm.secret_bytes()).collect();
    undefined(&mut bytes);
    Secret::from_bytes(&bytes).expect("long enough")
}
