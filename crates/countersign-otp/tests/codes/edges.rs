use countersign_otp::{Diagnosis, Digits, OtpError, Period, Step, Totp, Verdict, Window};
use proptest::prelude::*;

use super::{at, totp};

const WIDE: fn() -> Window = || Window::new(2, 2).unwrap();

/// The moments at which other libraries stopped: 32 bits signed and unsigned, nanoseconds in 64 bits, and the ends of all.
#[test]
fn far_times_are_values() {
    for secs in
        [0, 1, 29, 30, 59, 2_147_483_648, 4_294_967_296, 9_223_372_036, 9_223_372_037, 1 << 63, u64::MAX - 1, u64::MAX]
    {
        let totp = totp();
        let code = totp.code_at(at(secs));
        let found = totp.verify(code.as_str(), at(secs), WIDE(), None).accepted().unwrap();
        assert_eq!(found.step, Step::new(secs / 30), "{secs}");
    }
}

#[test]
fn the_first_and_the_last_step_have_one_neighbour() {
    let totp = totp().period(Period::from_secs(15).unwrap());
    for (here, there) in [(0, 15), (u64::MAX, u64::MAX - 15)] {
        let neighbour = totp.code_at(at(there));
        assert!(totp.verify(neighbour.as_str(), at(here), Window::default(), None).accepted().is_some());
        assert_eq!(totp.verify("000000", at(here), Window::default(), None), Verdict::Wrong);
    }
}

#[test]
fn time_before_t0_is_t0() {
    let totp = totp().t0(at(1_000));
    for secs in [0, 999, 1_000, 1_029] {
        assert_eq!(totp.step_at(at(secs)), Step::new(0));
    }
    assert_eq!(totp.step_at(at(1_030)), Step::new(1));
    assert_eq!(totp.code_at(at(0)), totp.code_at(at(1_000)));
}

/// Counting from T0 is shifting the time.
#[test]
fn t0_shifts_the_steps() {
    let code = totp().t0(at(7)).code_at(at(7 + 59));
    assert_eq!(code.as_str(), "287082");
}

#[test]
fn the_next_code_begins_where_the_step_ends() {
    let totp = totp().t0(at(5));
    assert_eq!(totp.next_code_at(at(5)), at(35));
    assert_eq!(totp.next_code_at(at(34)), at(35));
    assert_eq!(totp.next_code_at(at(35)), at(65));
    assert_eq!(totp.next_code_at(at(u64::MAX)), at(u64::MAX));
}

#[test]
fn parameters_have_bounds() {
    for digits in [0, 1, 5, 9, 10, 53, 255] {
        assert_eq!(Digits::try_from(digits), Err(OtpError::Digits));
    }
    for secs in [0, 1, 14, 301, 1 << 32, 1 << 63, u64::MAX] {
        assert_eq!(Period::from_secs(secs), Err(OtpError::Period));
    }
    assert_eq!(Period::from_secs(15).map(Period::as_secs), Ok(15));
    assert_eq!(Period::from_secs(300).map(Period::as_secs), Ok(300));
    for name in ["MD5", "", "SHA-1", "SHA384", "SHA1 "] {
        assert_eq!(name.parse::<countersign_otp::Algorithm>(), Err(OtpError::Algorithm));
    }
}

fn any_totp() -> impl Strategy<Value = Totp> {
    (15..=300_u64, any::<u64>(), 6..=8_u8).prop_map(|(period, t0, digits)| {
        totp().period(Period::from_secs(period).unwrap()).t0(at(t0)).digits(Digits::try_from(digits).unwrap())
    })
}

proptest! {
    /// At any time and with any parameters a code is accepted in its own step, once.
    #[test]
    fn a_code_is_accepted_in_its_own_step(totp in any_totp(), secs in any::<u64>()) {
        let code = totp.code_at(at(secs));
        prop_assert_eq!(code.as_str().len(), usize::from(totp.get_digits().get()));
        let found = totp.verify(code.as_str(), at(secs), WIDE(), None).accepted().unwrap();
        prop_assert!(found.step >= totp.step_at(at(secs)));
        prop_assert_eq!(totp.verify(code.as_str(), at(secs), WIDE(), Some(found.step)), Verdict::Replayed);
        let is_off = matches!(totp.diagnose(code.as_str(), at(secs), 3), Diagnosis::Off { steps: 0, .. });
        prop_assert!(is_off);
    }

    /// The next code begins after now, and in the next step, unless time ends first.
    #[test]
    fn next_code_is_in_the_next_step(totp in any_totp(), secs in any::<u32>()) {
        let now = at(totp.get_t0().as_secs().saturating_add(secs.into()));
        let next = totp.next_code_at(now);
        prop_assert!(next == at(u64::MAX) || totp.step_at(next).get() == totp.step_at(now).get() + 1);
    }
}
