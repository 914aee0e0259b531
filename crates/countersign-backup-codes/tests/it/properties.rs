use countersign_backup_codes::{CodeSet, Digester, Kdf, Settings, Spelling, Workspace};
use getrandom::SysRng;
use proptest::prelude::*;

use crate::support::{digest, quick};

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_code_burns_however_it_is_typed(
        at in 0..7usize,
        upper in prop::collection::vec(any::<bool>(), 13),
        gaps in prop::collection::vec("[ -]{0,3}", 14),
        ones in prop::collection::vec("[1iIlL]", 13),
        zeros in prop::collection::vec("[0oO]", 13),
    ) {
        let (codes, mut set, pepper) = quick();
        let mut typed = String::new();
        for (place, symbol) in codes[at].chars().enumerate() {
            typed.push_str(&gaps[place]);
            match symbol {
                '0' => typed.push_str(&zeros[place]),
                '1' => typed.push_str(&ones[place]),
                other if upper[place] => typed.push(other),
                other => typed.push(other.to_ascii_lowercase()),
            }
        }
        typed.push_str(&gaps[13]);
        let digester = set.digester().with_pepper(&pepper);
        prop_assert!(digester.looks_like_code(&typed));
        let digest = digest(&digester, &typed);
        prop_assert!(set.burn(&digest));
        prop_assert!(!set.burn(&digest));
        prop_assert_eq!(set.remaining(), 6);
    }

    #[test]
    fn a_code_with_another_symbol_is_wrong(at in 0..7usize, place in 0..13usize, value in 0..32usize) {
        let (codes, mut set, pepper) = quick();
        let mut typed = codes[at].clone();
        let symbol = &"0123456789ABCDEFGHJKMNPQRSTVWXYZ"[value..=value];
        prop_assume!(&typed[place..=place] != symbol);
        typed.replace_range(place..=place, symbol);
        prop_assert!(!set.burn(&digest(&set.digester().with_pepper(&pepper), &typed)));
        prop_assert_eq!(set.remaining(), 7);
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in "\\PC{0,200}") {
        let _ = Digester::decoy(&Settings::new()).looks_like_code(&text);
        let _ = Kdf::danger_parse(&text);
        let _ = serde_json::from_str::<CodeSet>(&text);
        let _ = CodeSet::import(&[&text], Spelling::default(), &mut SysRng);
        let _ = CodeSet::import(&[&format!("pbkdf2_sha256${text}")], Spelling::default(), &mut SysRng);
        let _ = CodeSet::import(&[&format!("$2b$10${text}")], Spelling::default(), &mut SysRng);
        prop_assert!(Kdf::default().verify_password(&text, &mut Workspace::new(), b"").is_err());
    }
}
