use countersign_otp::{Digits, Verdict, Window};
use proptest::prelude::*;

use super::{at, totp};

fn check(input: &str) -> Verdict {
    totp().verify(input, at(59), Window::default(), None)
}

#[test]
fn spaces_are_skipped_wherever_they_stand() {
    for input in ["287082", "287 082", " 287082", "287082 ", " 2 8 7 0 8 2 ", "287    082"] {
        assert!(check(input).accepted().is_some(), "{input:?}");
    }
}

#[test]
fn nothing_else_is_a_spelling_of_the_code() {
    let spellings = [
        "",
        " ",
        "28708",
        "2870820",
        "0287082",
        "+287082",
        "-287082",
        "287082.0",
        "287,082",
        "287-082",
        "287_082",
        "287082\n",
        "287082\t",
        "287082\r\n",
        "\u{a0}287082",
        "287\u{2009}082",
        "287082\0",
        "\u{feff}287082",
        "2870\u{200b}82",
        "２８７０８２",
        "٢٨٧٠٨٢",
        "२८७०८२",
        "0x4616a",
        "2.87082e5",
        "28708Z",
        "28708\u{131}",
    ];
    for input in spellings {
        assert_eq!(check(input), Verdict::Malformed, "{input:?}");
    }
}

#[test]
fn long_input_is_refused() {
    assert!(check(&format!("287082{}", " ".repeat(26))).accepted().is_some());
    assert_eq!(check(&format!("287082{}", " ".repeat(27))), Verdict::Malformed);
    assert_eq!(check(&"1".repeat(10_000)), Verdict::Malformed);
}

#[test]
fn leading_zeros_count() {
    // RFC 6238, appendix B, the second row: 07081804.
    let totp = totp().digits(Digits::EIGHT);
    let check = |input| totp.verify(input, at(1_111_111_109), Window::default(), None);
    assert!(check("07081804").accepted().is_some());
    assert_eq!(check("7081804"), Verdict::Malformed);
    assert_eq!(totp.code_at(at(1_111_111_109)).to_string(), "07081804");
}

proptest! {
    /// What counts is what is left without ASCII spaces: six ASCII digits, or it is no code.
    #[test]
    fn any_text_is_judged_by_its_form(input in r"[0-9 +\-x\n٣]{0,12}") {
        let bare: String = input.chars().filter(|c| *c != ' ').collect();
        let is_code = bare.len() == 6 && bare.bytes().all(|byte| byte.is_ascii_digit());
        prop_assert_eq!(check(&input) == Verdict::Malformed, !is_code);
    }

    #[test]
    fn no_text_makes_it_panic(input in any::<String>()) {
        let _ = check(&input);
    }
}
