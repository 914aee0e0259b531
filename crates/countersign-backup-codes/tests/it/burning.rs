use std::collections::BTreeSet;

use countersign_backup_codes::{BackupCodes, BackupCodesError, CodeSet, Digester, Kdf, Settings, Workspace};
use getrandom::SysRng;

use crate::support::{Broken, digest, quick, shown};

#[test]
fn codes_have_the_promised_form() {
    let (codes, set) = shown();
    assert_eq!((codes.len(), set.remaining()), (10, 10));
    for code in codes {
        let groups: Vec<_> = code.split('-').collect();
        assert_eq!(groups.iter().map(|group| group.len()).collect::<Vec<_>>(), [4, 4, 4, 4], "{code}");
        assert!(code.bytes().all(|byte| b"0123456789ABCDEFGHJKMNPQRSTVWXYZ-".contains(&byte)), "{code}");
    }
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), 10);
    // Of 160 random symbols, all but about one in five hundred sets show at least 24 of the 32.
    let symbols: BTreeSet<u8> = codes.iter().flat_map(|code| code.bytes()).collect();
    assert!(symbols.len() > 24, "{symbols:?}");
}

#[test]
fn settings_are_followed() {
    let settings = Settings::new().count(8).unwrap().characters(13).unwrap().kdf(Kdf::argon2id(7168, 5, 1).unwrap());
    let (codes, set) = BackupCodes::generate(&settings, &mut Workspace::new(), &mut SysRng).unwrap();
    assert_eq!(codes.len(), 8);
    assert_eq!(codes[0].expose_str().len(), 13 + 3);
    assert_eq!(codes[0].expose_str().rsplit('-').next().unwrap().len(), 1);
    assert_eq!(set.kdf().unwrap().to_string(), "$argon2id$v=19$m=7168,t=5,p=1");
}

#[test]
fn each_code_is_good_once_in_whatever_spelling() {
    let (codes, mut set) = shown();
    let digester = set.digester();
    let spelt = |code: &str, at: usize| match at % 4 {
        0 => code.to_lowercase(),
        1 => code.replace('-', ""),
        2 => format!(" {} ", code.replace('-', " - ")),
        _ => code.replace('0', "o").replace('1', if at % 8 == 3 { "l" } else { "I" }),
    };
    for (at, code) in codes.iter().enumerate().take(4) {
        assert!(set.burn(&digest(&digester, &spelt(code, at))), "{code}");
        assert_eq!(set.remaining(), 9 - at);
        for again in at..at + 2 {
            assert!(!set.burn(&digest(&digester, &spelt(code, again))), "{code} again");
        }
        assert_eq!(set.remaining(), 9 - at);
    }
}

#[test]
fn the_low_mark_is_at_three() {
    let (codes, mut set, pepper) = quick();
    for code in &codes {
        assert_eq!(set.is_low(), set.remaining() <= 3);
        let _ = set.burn(&digest(&set.digester().with_pepper(&pepper), code));
    }
    assert_eq!(set.remaining(), 0);
    for code in &codes {
        assert!(!set.burn(&digest(&set.digester().with_pepper(&pepper), code)));
    }
}

#[test]
fn a_digest_is_good_for_its_own_set_alone() {
    let (codes, mut set) = shown();
    let old = digest(&set.digester(), &codes[9]);
    let (_, mut regenerated) =
        BackupCodes::generate(&Settings::new().count(8).unwrap(), &mut Workspace::new(), &mut SysRng).unwrap();
    assert!(!regenerated.burn(&old));
    assert_eq!(old.set_id(), set.id());
    assert!(set.burn(&old));
}

#[test]
fn a_decoy_takes_the_same_input_and_matches_nothing() {
    let (codes, mut set) = shown();
    let decoy = Digester::decoy(&Settings::new());
    assert!(!set.burn(&digest(&decoy, &codes[8])));
    let same = ["", "x", &codes[8], "7ZQK-2M9D-00FW-3XTU", "7ZQK-2M9D-00FW-3XT", "7ZQK2M9D00FW3XTAA"];
    for input in same {
        assert_eq!(decoy.looks_like_code(input), set.digester().looks_like_code(input), "{input:?}");
    }
}

#[test]
fn what_is_no_code_costs_nothing() {
    let digester = shown().1.digester();
    let mut memory = Workspace::new();
    let long = "7".repeat(17);
    let spaces = format!("7ZQK2M9D00FW3XTA{}", " ".repeat(200));
    let inputs = [
        "",
        "-",
        "7ZQK-2M9D-00FW-3XT",
        "7ZQK-2M9D-00FW-3XTU",
        "7ZQK-2M9D-00FW-3XTé",
        "7ZQK_2M9D_00FW_3XTA",
        "7ZQK-2M9D-00FW-3XTA\n",
        "7ZQK\u{2013}2M9D-00FW-3XTA",
        "\u{ff17}ZQK-2M9D-00FW-3XTA",
        "7ZQK-2M9D-00FW-3XT\0",
        &long,
        &spaces,
    ];
    for input in inputs {
        assert!(!digester.looks_like_code(input), "{input:?}");
        assert!(matches!(digester.digest(input, &mut memory), Err(BackupCodesError::Malformed)), "{input:?}");
    }
    // No slow hash was run: no memory was taken.
    assert_eq!(memory.memory_kib(), 0);
}

#[test]
fn a_pepper_is_needed_and_must_be_the_right_one() {
    let (codes, mut set, pepper) = quick();
    assert_eq!(set.digester().pepper_id(), Some("90c1ab4422d0e6f7"));
    let missing = set.digester().digest(&codes[0], &mut Workspace::new());
    assert!(matches!(missing, Err(BackupCodesError::PepperMissing)));
    assert!(!set.burn(&digest(&set.digester().with_pepper(&[0; 32]), &codes[0])));
    assert!(set.burn(&digest(&set.digester().with_pepper(&pepper), &codes[0])));
}

#[test]
fn a_generated_set_is_keyed_by_its_pepper() {
    let settings = Settings::new().count(8).unwrap().pepper("key-1", &[9; 32]).unwrap();
    let (codes, mut set) = BackupCodes::generate(&settings, &mut Workspace::new(), &mut SysRng).unwrap();
    assert_eq!(set.pepper_id(), Some("key-1"));
    assert!(!set.burn(&digest(&set.digester().with_pepper(&[8; 32]), codes[0].expose_str())));
    assert!(set.burn(&digest(&set.digester().with_pepper(&[9; 32]), codes[0].expose_str())));
    let mut bare = serde_json::to_value(&set).unwrap();
    bare.as_object_mut().unwrap().remove("pepper");
    let mut bare: CodeSet = serde_json::from_value(bare).unwrap();
    assert!(!bare.burn(&digest(&bare.digester(), codes[1].expose_str())));
}

#[test]
fn a_pepper_that_the_set_was_not_made_with_is_left_out() {
    let (codes, mut set) = shown();
    assert!(set.burn(&digest(&set.digester().with_pepper(&[1; 32]), &codes[7])));
}

#[test]
fn a_broken_generator_is_an_error() {
    let made = BackupCodes::generate(&Settings::new(), &mut Workspace::new(), &mut Broken);
    assert!(matches!(made, Err(BackupCodesError::Randomness(_))));
}

#[test]
fn a_digester_goes_to_another_thread() {
    let (codes, mut set) = shown();
    let digester = set.digester();
    let code = codes[6].clone();
    let digest = std::thread::spawn(move || digester.digest(&code, &mut Workspace::new()).unwrap()).join().unwrap();
    assert!(set.burn(&digest));
}

#[test]
fn nothing_secret_is_printed() {
    let settings = Settings::new().count(8).unwrap().pepper("key-1", &[0xab; 32]).unwrap();
    let (codes, set) = BackupCodes::generate(&settings, &mut Workspace::new(), &mut SysRng).unwrap();
    let digester = set.digester().with_pepper(&[0xab; 32]);
    let printed = format!("{codes:?} {set:?} {settings:?} {digester:?} {:?}", digest(&digester, codes[0].expose_str()));
    for secret in ["171", "ab, ab", "abab", "AB"] {
        assert!(!printed.to_lowercase().contains(&format!("{secret}{secret}").to_lowercase()), "{printed}");
    }
    assert!(codes.iter().all(|code| !printed.contains(&code.expose_str()[..4])), "{printed}");
    assert_eq!(printed.matches("[REDACTED]").count(), 8 + 2, "{printed}");
}
