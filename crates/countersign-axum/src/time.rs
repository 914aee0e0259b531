use countersign::clock::Timestamp;

/// A moment as RFC 3339 has it, in UTC: `2026-11-21T15:04:05.25Z`.
///
/// A moment past the year 9999, which that format cannot write, is written as the last one it can.
#[must_use]
pub fn rfc3339(at: Timestamp) -> String {
    let millis = i64::try_from(at.as_millis()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_in_utc() {
        // `date -u -d @1234567890 +%FT%TZ`
        assert_eq!(rfc3339(Timestamp::from_secs(1_234_567_890)), "2009-02-13T23:31:30Z");
        assert_eq!(rfc3339(Timestamp::from_millis(1_234_567_890_250)), "2009-02-13T23:31:30.25Z");
        assert!(rfc3339(Timestamp::from_millis(u64::MAX)).starts_with("9999-12-30T"));
    }
}
