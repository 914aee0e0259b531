//! Any parameters at any time: nothing panics, a code is accepted in its own step, and once.
#![no_main]

use countersign_otp::{
    Algorithm, Digits, Drift, Hotp, LookAhead, Period, ResyncReach, Secret, Steam, Step, Totp, UnixTime, Verdict,
    Window,
};
use libfuzzer_sys::{
    arbitrary::{self, Arbitrary},
    fuzz_target,
};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    secret: &'a [u8],
    algorithm: u8,
    digits: u8,
    period: u64,
    t0: u64,
    time: u64,
    back: u8,
    ahead: u8,
    drift: i8,
    after: Option<u64>,
    counter: u64,
    reach: u16,
    text: &'a str,
}

fuzz_target!(|input: Input| {
    let make = || Secret::danger_from_short_bytes(input.secret);
    let (Ok(secret), Ok(second), Ok(third)) = (make(), make(), make()) else { return };
    let algorithm = [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512][usize::from(input.algorithm % 3)];
    let digits = Digits::try_from(input.digits).unwrap_or_default();
    let period = Period::from_secs(input.period).unwrap_or_default();
    let window = Window::new(input.back, input.ahead).unwrap_or_default();
    let moved = window.around(Drift::new(input.drift).unwrap_or_default());
    let at = UnixTime::from_secs(input.time);

    let totp = Totp::new(secret).algorithm(algorithm).digits(digits).period(period).t0(UnixTime::from_secs(input.t0));
    let code = totp.code_at(at);
    let found = totp.verify(code.as_str(), at, window, None).accepted().expect("accepted in its own step");
    assert_eq!(totp.verify(code.as_str(), at, window, Some(found.step)), Verdict::Replayed);
    if let Verdict::Accepted(found) = totp.verify(input.text, at, moved, input.after.map(Step::new)) {
        assert!(input.after.is_none_or(|after| found.step.get() > after));
    }
    let _ = (totp.next_code_at(at), totp.diagnose(input.text, at, input.reach % 50));

    let hotp = Hotp::new(second).algorithm(algorithm).digits(digits);
    let code = hotp.code(input.counter);
    let next = hotp.verify(code.as_str(), input.counter, LookAhead::default()).next_counter();
    assert_eq!(next.is_none(), input.counter == u64::MAX);
    let reach = ResyncReach::new(input.reach % 50).unwrap_or_default();
    let _ = hotp.resync(code.as_str(), input.text, None, input.counter, reach);

    let steam = Steam::new(third);
    assert!(steam.verify(steam.code_at(at).as_str(), at, window, None).accepted().is_some());
});
