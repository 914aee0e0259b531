//! Whatever is changed about a sealed value or its place: it does not open.

use base64ct::{Base64UrlUnpadded, Encoding};
use countersign_vault::{AesGcmBudget, Context, DidNotOpen, KeyRing, Purpose, Sealed, Vault, VaultError};

use crate::support::{Broken, Fixed, key, vault};

const PLACE: Context<'static> = Context::new(Purpose::SECRET, "user-42").factor("totp-1");

fn vaults() -> [Vault; 2] {
    [vault(1), Vault::with_aes_gcm(KeyRing::new(key(1)), AesGcmBudget::new(0, 100))]
}

fn seal(vault: &Vault, plaintext: &[u8]) -> Sealed {
    vault.seal(&PLACE, plaintext, &mut Fixed((1..=24).collect())).unwrap()
}

fn opens(vault: &Vault, text: &str) -> bool {
    text.parse::<Sealed>().is_ok_and(|sealed| vault.open(&PLACE, &sealed).is_ok())
}

/// The text before the data, and the data.
fn parts(sealed: &Sealed) -> (String, Vec<u8>) {
    let text = sealed.to_string();
    let (head, data) = text.rsplit_once('.').unwrap();
    (head.to_owned(), Base64UrlUnpadded::decode_vec(data).unwrap())
}

fn text(head: &str, data: &[u8]) -> String {
    format!("{head}.{}", Base64UrlUnpadded::encode_string(data))
}

#[test]
fn no_flipped_bit_opens() {
    for vault in vaults() {
        let (head, data) = parts(&seal(&vault, b"the shared secret"));
        assert!(opens(&vault, &text(&head, &data)));
        for at in 0..data.len() * 8 {
            let mut data = data.clone();
            data[at / 8] ^= 1 << (at % 8);
            assert!(!opens(&vault, &text(&head, &data)), "bit {at}");
        }
        for at in 0..head.len() * 8 {
            let mut head = head.clone().into_bytes();
            head[at / 8] ^= 1 << (at % 8);
            let Ok(head) = String::from_utf8(head) else { continue };
            assert!(!opens(&vault, &text(&head, &data)), "bit {at} of the head");
        }
    }
}

#[test]
fn no_other_length_opens() {
    for vault in vaults() {
        let (head, data) = parts(&seal(&vault, b"the shared secret"));
        for len in 0..data.len() {
            assert!(!opens(&vault, &text(&head, &data[..len])), "the first {len} bytes");
            assert!(!opens(&vault, &text(&head, &data[data.len() - len..])), "the last {len} bytes");
        }
        for more in 1..40 {
            assert!(!opens(&vault, &text(&head, &[&data[..], &vec![0; more]].concat())), "{more} bytes more");
        }
    }
}

#[test]
fn no_cut_or_padded_text_opens() {
    for vault in vaults() {
        let sealed = seal(&vault, b"").to_string();
        for len in 0..sealed.len() {
            assert!(!opens(&vault, &sealed[..len]) && !opens(&vault, &sealed[sealed.len() - len..]), "{len}");
        }
        for text in [
            format!("{sealed} "),
            format!(" {sealed}"),
            format!("{sealed}\n"),
            format!("{sealed}="),
            format!("{sealed}."),
        ] {
            assert!(!opens(&vault, &text), "{text:?}");
        }
    }
}

#[test]
fn no_other_version_opens() {
    for vault in vaults() {
        let (head, data) = parts(&seal(&vault, b"twelve bytes more than needed"));
        for tag in ["cs1", "cs2", "cs3", "CS1", "cs01", ""] {
            let other = format!("{tag}{}", &head[3..]);
            assert_eq!(opens(&vault, &text(&other, &data)), other == head, "{tag}");
        }
    }
}

#[test]
fn no_other_place_opens() {
    let places = [
        Context::new(Purpose::SECRET, "user-42"),
        Context::new(Purpose::SECRET, "user-42").factor(""),
        Context::new(Purpose::SECRET, "user-42").factor("totp-2"),
        Context::new(Purpose::SECRET, "user-43").factor("totp-1"),
        Context::new(Purpose::SECRET, "user-42totp").factor("-1"),
        Context::new(Purpose::SECRET, "totp-1").factor("user-42"),
        Context::new(Purpose::TICKET, "user-42").factor("totp-1"),
        Context::new(Purpose::new("shop/secret"), "user-42").factor("totp-1"),
    ];
    for vault in vaults() {
        let sealed = seal(&vault, b"the shared secret");
        for place in places {
            assert_eq!(vault.open(&place, &sealed).err(), Some(DidNotOpen), "{place:?}");
        }
        assert!(vault.open(&PLACE, &sealed).is_ok());
    }
}

#[test]
fn no_other_key_opens_even_under_its_name() {
    let sealed = seal(&vault(1), b"the shared secret");
    assert!(vault(2).open(&PLACE, &sealed).is_err());
    let (head, data) = parts(&sealed);
    let renamed =
        head.replace(&vault(1).key_ring().active_id().to_string(), &vault(2).key_ring().active_id().to_string());
    assert!(!opens(&vault(2), &text(&renamed, &data)));
    let both = Vault::new(KeyRing::new(key(1)).with_older(key(2)).unwrap());
    assert!(opens(&both, &text(&head, &data)) && !opens(&both, &text(&renamed, &data)));
}

#[test]
fn sizes_are_bounded() {
    let vault = vault(1);
    let longest = vec![7; Vault::MAX_PLAINTEXT_LEN];
    let sealed = seal(&vault, &longest).to_string();
    assert!(sealed.len() <= Sealed::MAX_TEXT_LEN);
    assert_eq!(vault.open(&PLACE, &sealed.parse().unwrap()).unwrap().expose_bytes(), longest);
    let longer = vault.seal(&PLACE, &vec![7; Vault::MAX_PLAINTEXT_LEN + 1], &mut Fixed(vec![1]));
    assert!(matches!(longer, Err(VaultError::TooLong)));
    let (head, data) = parts(&sealed.parse().unwrap());
    assert!(text(&head, &[&data[..], &[0]].concat()).parse::<Sealed>().is_err());
}

#[test]
fn a_spent_budget_refuses_and_still_opens() {
    let vault = Vault::with_aes_gcm(KeyRing::new(key(1)), AesGcmBudget::new(AesGcmBudget::LIMIT - 1, u64::MAX));
    let last = seal(&vault, b"last");
    let refused = vault.seal(&PLACE, b"one more", &mut Fixed(vec![1]));
    assert!(matches!(refused, Err(VaultError::BudgetSpent)));
    assert_eq!(vault.aes_gcm_budget().unwrap().spent(), 1 << 32);
    assert!(vault.open(&PLACE, &last).is_ok());
}

#[test]
fn a_broken_generator_is_an_error() {
    assert!(matches!(vault(1).seal(&PLACE, b"x", &mut Broken), Err(VaultError::Randomness(_))));
    assert!(matches!(countersign_vault::MasterKey::generate(&mut Broken), Err(VaultError::Randomness(_))));
    assert!(matches!(countersign_vault::MasterKey::generate(&mut Fixed(vec![0])), Err(VaultError::WeakKey(_))));
}

#[test]
fn nothing_secret_is_printed() {
    let vault = vault(1);
    let sealed = seal(&vault, b"the shared secret");
    let opened = vault.open(&PLACE, &sealed).unwrap();
    let id = vault.key_ring().active_id();
    let hex = base16ct::lower::encode_string(key(1).expose_bytes());
    let printed = format!(
        "{vault:?} {opened:?} {:?} {:?} {:?}",
        key(1),
        vault.key_ring().to_text(),
        vault.subkey(&id, Purpose::AUDIT)
    );
    assert!(!printed.contains(&hex) && !printed.contains(&hex[..8]) && !printed.contains("shared"), "{printed}");
    assert_eq!(printed.matches("[REDACTED]").count(), 4, "{printed}");
}
