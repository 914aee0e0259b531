use countersign_otp::{Algorithm, Digits, Drift, LookAhead, Period, ResyncReach, Step, UnixTime, Window};
use serde::{Serialize, de::DeserializeOwned};

fn reads<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(text: &str, value: T) {
    assert_eq!(serde_json::from_str::<T>(text).unwrap(), value);
    assert_eq!(serde_json::to_string(&value).unwrap(), text);
}

fn refuses<T: DeserializeOwned + std::fmt::Debug>(texts: &[&str]) {
    for text in texts {
        assert!(serde_json::from_str::<T>(text).is_err(), "{text}");
    }
}

#[test]
fn parameters_are_checked_on_the_way_in() {
    reads("6", Digits::SIX);
    refuses::<Digits>(&["0", "5", "9", "256", "-6", "\"6\"", "null"]);
    reads("30", Period::THIRTY_SECONDS);
    refuses::<Period>(&["0", "1", "14", "301", "1e2", "9223372036854775808"]);
    reads("\"SHA1\"", Algorithm::Sha1);
    reads("\"SHA256\"", Algorithm::Sha256);
    reads("\"SHA512\"", Algorithm::Sha512);
    refuses::<Algorithm>(&["\"MD5\"", "\"Sha1\"", "\"\"", "1"]);
    reads("-10", Drift::new(-10).unwrap());
    refuses::<Drift>(&["11", "-11", "128"]);
    reads("10", LookAhead::new(10).unwrap());
    refuses::<LookAhead>(&["11"]);
    reads("1000", ResyncReach::new(1000).unwrap());
    refuses::<ResyncReach>(&["1001"]);
    reads(r#"{"back":1,"ahead":2}"#, Window::new(1, 2).unwrap());
    refuses::<Window>(&[r#"{"back":3,"ahead":0}"#, r#"{"back":1}"#, r#"{"back":1,"ahead":1,"centre":9}"#]);
    reads("18446744073709551615", Step::new(u64::MAX));
    reads("59", UnixTime::from_secs(59));
}
