//! The vectors of RFC 4226, appendix D, and RFC 6238, appendix B.

use countersign_otp::{Algorithm, Digits, Drift, Hotp, Match, Secret, Step, Totp, UnixTime, Verdict, Window};

const HOTP: &str = include_str!("../data/rfc4226-appendix-d.txt");
const TOTP: &str = include_str!("../data/rfc6238-appendix-b.txt");

/// Lines of words, without comments.
fn rows<const N: usize>(file: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    file.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_whitespace().collect::<Vec<_>>().try_into().expect("columns"))
}

/// The seed that the table of RFC 6238 was computed with: as long as the hash (erratum 2866).
fn seed(algorithm: Algorithm) -> Secret {
    let bytes: Vec<u8> = b"1234567890".iter().copied().cycle().take(algorithm.secret_bytes()).collect();
    Secret::from_bytes(&bytes).unwrap()
}

#[test]
fn hotp_appendix_d() {
    let hotp = Hotp::new(Secret::from(*b"12345678901234567890"));
    let mut count = 0;
    for [counter, _, _, _, code] in rows(HOTP) {
        assert_eq!(hotp.code(counter.parse().unwrap()).as_str(), code);
        count += 1;
    }
    assert_eq!(count, 10);
}

#[test]
fn totp_appendix_b() {
    let mut count = 0;
    for [time, step, code, mode] in rows(TOTP) {
        let algorithm: Algorithm = mode.parse().unwrap();
        let totp = Totp::new(seed(algorithm)).algorithm(algorithm).digits(Digits::EIGHT);
        let at = UnixTime::from_secs(time.parse().unwrap());
        let step = Step::new(u64::from_str_radix(step, 16).unwrap());
        assert_eq!(totp.step_at(at), step);
        assert_eq!(totp.code_at(at).as_str(), code);
        assert_eq!(totp.code_at(at).to_string(), code);
        let found = Match { step, drift: Drift::ZERO };
        assert_eq!(totp.verify(code, at, Window::default(), None), Verdict::Accepted(found));
        assert_eq!(totp.verify(code, at, Window::default(), Some(step)), Verdict::Replayed);
        count += 1;
    }
    assert_eq!(count, 18);
}

/// The text of appendix B names the seed of 20 bytes for all three; with it the table comes out wrong.
#[test]
fn short_seed_is_a_negative_control() {
    for [time, _, code, mode] in rows(TOTP).filter(|row| row[3] != "SHA1") {
        let totp =
            Totp::new(Secret::from(*b"12345678901234567890")).algorithm(mode.parse().unwrap()).digits(Digits::EIGHT);
        assert_ne!(totp.code_at(UnixTime::from_secs(time.parse().unwrap())).as_str(), code);
    }
}
