use countersign_otp::{Hotp, HotpVerdict, LookAhead, OtpError, ResyncReach, Secret};

fn hotp() -> Hotp {
    Hotp::new(Secret::from(*b"12345678901234567890"))
}

fn code(counter: u64) -> String {
    hotp().code(counter).to_string()
}

fn accepted(next_counter: u64) -> HotpVerdict {
    HotpVerdict::Accepted { next_counter }
}

#[test]
fn the_look_ahead_ends_where_it_says() {
    for look_ahead in 0..=10 {
        let within = LookAhead::new(look_ahead).unwrap();
        for ahead in 0..=u64::from(look_ahead) {
            assert_eq!(hotp().verify(&code(20 + ahead), 20, within), accepted(21 + ahead));
        }
        for outside in [19, 21 + u64::from(look_ahead), 70] {
            assert_eq!(
                hotp().verify(&code(outside), 20, within),
                HotpVerdict::Wrong,
                "{outside} from 20 by {look_ahead}"
            );
        }
    }
    assert_eq!(LookAhead::new(11), Err(OtpError::LookAhead));
    assert_eq!(LookAhead::default().get(), 5);
}

/// A code used, and those before it, are never accepted again; a single code beyond the look-ahead moves nothing.
#[test]
fn the_counter_only_rises() {
    let next = hotp().verify(&code(3), 0, LookAhead::default()).next_counter().unwrap();
    assert_eq!(next, 4);
    for used in [3, 2, 0, 50] {
        assert_eq!(hotp().verify(&code(used), next, LookAhead::default()), HotpVerdict::Wrong);
    }
}

#[test]
fn consecutive_codes_find_a_lost_token() {
    let resync = |first, second, third: Option<u64>| {
        let third = third.map(code);
        hotp().resync(&code(first), &code(second), third.as_deref(), 4, ResyncReach::default())
    };
    assert_eq!(resync(50, 51, None), accepted(52));
    assert_eq!(resync(50, 51, Some(52)), accepted(53));
    assert_eq!(resync(4, 5, None), accepted(6));
    assert_eq!(resync(104, 105, None), accepted(106));
    assert_eq!(resync(104, 105, Some(106)), accepted(107));
    for (first, second, third) in [
        (105, 106, None),   // out of reach
        (50, 52, None),     // not consecutive
        (51, 50, None),     // the wrong way round
        (50, 50, None),     // one code twice
        (3, 4, None),       // the first was used
        (50, 51, Some(53)), // two of three
        (50, 52, Some(53)), // the last two of three
    ] {
        assert_eq!(resync(first, second, third), HotpVerdict::Wrong, "{first} {second} {third:?}");
    }
    assert_eq!(hotp().resync("123456", "12345", None, 4, ResyncReach::default()), HotpVerdict::Malformed);
    assert_eq!(hotp().resync("123456", "123456", Some("x"), 4, ResyncReach::default()), HotpVerdict::Malformed);
    assert_eq!(ResyncReach::new(1001), Err(OtpError::LookAhead));
}

#[test]
fn the_last_counter_is_never_used() {
    let last = u64::MAX;
    assert_eq!(hotp().verify(&code(last - 1), last - 1, LookAhead::default()), accepted(last));
    assert_eq!(hotp().verify(&code(last), last - 1, LookAhead::default()), HotpVerdict::Wrong);
    assert_eq!(hotp().verify(&code(last), last, LookAhead::default()), HotpVerdict::Wrong);
    let (first, second) = (code(last - 2), code(last - 1));
    assert_eq!(hotp().resync(&first, &second, None, last - 5, ResyncReach::default()), accepted(last));
    assert_eq!(hotp().resync(&second, &code(last), None, last - 5, ResyncReach::default()), HotpVerdict::Wrong);
    let _ = hotp().resync(&first, &second, None, last, ResyncReach::default());
}
