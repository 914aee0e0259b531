use std::collections::BTreeSet;

use countersign_otp::{Diagnosis, Drift, Match, OtpError, Step, Totp, Verdict, Window};

use super::{at, totp};

/// The start of a step whose neighbours have different codes.
const NOW: u64 = 1_111_111_110;

/// Which of the steps around `NOW` a window accepts.
fn accepted(totp: &Totp, now: u64, window: Window) -> BTreeSet<i64> {
    (-15_i64..=15)
        .filter(|step| {
            let shown = totp.code_at(at(NOW.checked_add_signed(step * 30).unwrap()));
            totp.verify(shown.as_str(), at(now), window, None).accepted().is_some()
        })
        .collect()
}

#[test]
fn exactly_the_steps_of_the_window_are_accepted() {
    let totp = totp();
    for seconds in [0, 15, 29] {
        for (back, ahead) in (0..=2).flat_map(|back| (0..=2).map(move |ahead| (back, ahead))) {
            let window = Window::new(back, ahead).unwrap();
            let expected: BTreeSet<i64> = (-i64::from(back)..=i64::from(ahead)).collect();
            assert_eq!(accepted(&totp, NOW + seconds, window), expected, "{window:?} at +{seconds} s");
        }
    }
    assert_eq!(accepted(&totp, NOW, Window::default()), BTreeSet::from([-1, 0, 1]));
    assert_eq!(Window::new(3, 0), Err(OtpError::Window));
    assert_eq!(Window::new(0, 3), Err(OtpError::Window));
}

#[test]
fn a_learned_drift_moves_the_window_within_bounds() {
    let totp = totp();
    let around = |steps| Window::default().around(Drift::new(steps).unwrap());
    assert_eq!(accepted(&totp, NOW, around(-4)), BTreeSet::from([-5, -4, -3]));
    assert_eq!(accepted(&totp, NOW, around(10)), BTreeSet::from([9, 10]));
    assert_eq!(accepted(&totp, NOW, around(-10)), BTreeSet::from([-10, -9]));
    // Beyond the bound a step is not looked at at all, so that its code is not even known to be used.
    for beyond in [-11_i64, 11] {
        let shown = totp.code_at(at(NOW.checked_add_signed(beyond * 30).unwrap()));
        let window = around(if beyond < 0 { -10 } else { 10 });
        assert_eq!(totp.verify(shown.as_str(), at(NOW), window, Some(Step::new(u64::MAX))), Verdict::Wrong);
    }
    assert_eq!(Drift::new(11), Err(OtpError::Drift));
    assert_eq!(Drift::new(-11), Err(OtpError::Drift));
    assert_eq!(Drift::new(i8::MIN), Err(OtpError::Drift));
}

/// A token that loses a step between sign-ins is followed, one step a time, until the bound.
#[test]
fn a_slow_token_goes_on_working() {
    let totp = totp();
    let (mut drift, mut after) = (Drift::ZERO, None);
    for slow in 1..=10_u64 {
        let now = NOW + slow * 3600;
        let shown = totp.code_at(at(now - slow * 30));
        let verdict = totp.verify(shown.as_str(), at(now), Window::default().around(drift), after);
        let found = verdict.accepted().unwrap_or_else(|| panic!("{slow} steps slow: {verdict:?}"));
        assert_eq!(i64::from(found.drift.steps()), -i64::try_from(slow).unwrap());
        (drift, after) = (found.drift, Some(found.step));
    }
    let shown = totp.code_at(at(NOW + 86_400 - 11 * 30));
    assert_eq!(totp.verify(shown.as_str(), at(NOW + 86_400), Window::default().around(drift), after), Verdict::Wrong);
}

#[test]
fn a_step_is_accepted_once_and_never_an_earlier_one() {
    let totp = totp();
    let code = |steps: i64| totp.code_at(at(NOW.checked_add_signed(steps * 30).unwrap()));
    let now = totp.step_at(at(NOW)).get();
    let ahead = Match { step: Step::new(now + 1), drift: Drift::new(1).unwrap() };
    assert_eq!(totp.verify(code(1).as_str(), at(NOW), Window::default(), None), Verdict::Accepted(ahead));
    for steps in [1, 0, -1] {
        let verdict = totp.verify(code(steps).as_str(), at(NOW), Window::default(), Some(ahead.step));
        assert_eq!(verdict, Verdict::Replayed, "{steps}");
    }
    assert_eq!(totp.verify(code(3).as_str(), at(NOW), Window::default(), Some(ahead.step)), Verdict::Wrong);
    let next = totp.verify(code(2).as_str(), at(NOW + 30), Window::default(), Some(ahead.step));
    assert_eq!(next.accepted().map(|found| found.step), Some(Step::new(now + 2)));
}

/// Two steps of one window that have the same code.
fn twins(totp: &Totp) -> (u64, u64) {
    (0_u64..)
        .find_map(|step| {
            let code = totp.code_at(at(step * 30));
            (step + 1..step + 5).find(|later| totp.code_at(at(later * 30)) == code).map(|later| (step, later))
        })
        .unwrap()
}

/// One code at two steps of a window: the later is taken, so that the code cannot be used again for the earlier.
#[test]
fn a_code_that_stands_twice_is_used_up_at_once() {
    let totp = totp();
    let (first, second) = twins(&totp);
    let now = at((first + 2) * 30);
    let code = totp.code_at(at(first * 30));
    let window = Window::new(2, 2).unwrap();
    let found = totp.verify(code.as_str(), now, window, None).accepted().unwrap();
    assert_eq!(found.step, Step::new(second));
    assert_eq!(totp.verify(code.as_str(), now, window, Some(found.step)), Verdict::Replayed);
    // With the earlier step used already the later still counts.
    assert!(totp.verify(code.as_str(), now, window, Some(Step::new(first))).accepted().is_some());
}

#[test]
fn the_diagnosis_names_the_nearest_step_and_accepts_nothing() {
    let totp = totp();
    for steps in [-120_i64, -17, -1, 0, 1, 42, 120] {
        let shown = totp.code_at(at(NOW.checked_add_signed(steps * 30).unwrap()));
        let expected = Diagnosis::Off { steps: i32::try_from(steps).unwrap(), seconds: steps * 30 };
        assert_eq!(totp.diagnose(shown.as_str(), at(NOW), 120), expected);
    }
    // Of two the nearer, whether both lie ahead, both behind, or one on either side.
    let (first, second) = twins(&totp);
    let code = totp.code_at(at(first * 30));
    for now in first - 5..second + 5 {
        let nearest =
            [first, second].map(|step| step.cast_signed() - now.cast_signed()).into_iter().min_by_key(|off| off.abs());
        let Diagnosis::Off { steps, .. } = totp.diagnose(code.as_str(), at(now * 30), 20) else { panic!("found") };
        assert_eq!(i64::from(steps).abs(), nearest.unwrap().abs());
    }
    let beyond = totp.code_at(at(NOW - 121 * 30));
    assert_eq!(totp.diagnose(beyond.as_str(), at(NOW), 120), Diagnosis::Unexplained);
    assert_eq!(totp.diagnose("12345", at(NOW), 120), Diagnosis::Malformed);
    // Further than the furthest is the furthest.
    let yesterday = totp.code_at(at(NOW - 2880 * 30));
    assert!(matches!(totp.diagnose(yesterday.as_str(), at(NOW), u16::MAX), Diagnosis::Off { .. }));
    let before = totp.code_at(at(NOW - 2881 * 30));
    assert_eq!(totp.diagnose(before.as_str(), at(NOW), u16::MAX), Diagnosis::Unexplained);
}
