use countersign_vault::{KeyRing, MasterKey, Purpose, Vault, VaultError};

use crate::support::{key, vault};

fn hex(number: u8) -> String {
    base16ct::lower::encode_string(key(number).expose_bytes())
}

fn line(role: &str, number: u8) -> String {
    format!("{role} {} {}", KeyRing::new(key(number)).active_id(), hex(number))
}

fn refused(text: &str) -> (usize, &'static str) {
    match KeyRing::parse(text) {
        Err(VaultError::MalformedKeyRing { line, reason }) => (line, reason),
        other => panic!("{other:?} for {text:?}"),
    }
}

#[test]
fn what_is_written_is_read() {
    let ring = KeyRing::new(key(1)).with_older(key(2)).unwrap().with_older(key(3)).unwrap();
    let text = ring.to_text();
    let read = KeyRing::parse(text.expose_str()).unwrap();
    assert!(read.ids().eq(ring.ids()));
    assert_eq!(read.fingerprint(), ring.fingerprint());
    assert_eq!(
        text.expose_str(),
        format!("countersign-key-ring 1\n{}\n{}\n{}\n", line("active", 1), line("older", 2), line("older", 3))
    );
    let one_line = text.expose_str().trim_end().replace('\n', ";");
    assert!(KeyRing::parse(&one_line).unwrap().ids().eq(ring.ids()));
}

#[test]
fn a_bare_key_is_a_ring() {
    for text in [hex(1), format!("{}\n", hex(1)), format!("# the key\r\n\r\n{}\r\n", hex(1).to_uppercase())] {
        assert_eq!(KeyRing::parse(&text).unwrap().fingerprint(), KeyRing::new(key(1)).fingerprint());
    }
}

#[test]
fn a_faulty_text_is_refused_with_its_line() {
    let head = "countersign-key-ring 1";
    let (active, older) = (line("active", 1), line("older", 2));
    assert_eq!(refused(""), (1, "there is no key"));
    assert_eq!(refused(head), (1, "there is no key"));
    assert_eq!(refused("\nhunter2"), (2, "neither the first line of a key ring nor 64 hexadecimal digits"));
    assert_eq!(refused(&format!("countersign-key-ring 2\n{active}")).0, 1);
    assert_eq!(refused(&format!("{}\n{}", hex(1), hex(2))), (2, "a bare key stands alone"));
    assert_eq!(refused(&format!("{head}\n{older}\n{active}")), (2, "the active key comes first"));
    assert_eq!(refused(&format!("{head}\n{active}\n{}", line("active", 2))), (3, "a second active key"));
    assert_eq!(refused(&format!("{head}\n# {active}")), (1, "there is no key"));
    let form = "a line is `active` or `older`, a key id and a key";
    assert_eq!(refused(&format!("{head}\n{active} x")), (2, form));
    assert_eq!(refused(&format!("{head}\n{}", line("newer", 1))), (2, form));
    assert_eq!(refused(&format!("{head}\n{}", active.replace(' ', ""))), (2, form));
    let other_digit = if hex(1).ends_with('0') { '1' } else { '0' };
    let typo = format!("{}{other_digit}", &active[..active.len() - 1]);
    assert_eq!(refused(&format!("{head}\n{typo}")), (2, "the key does not belong to the id before it"));
    assert_eq!(
        refused(&format!("{head}\n{}", &active[..active.len() - 1])),
        (2, "the key is not 64 hexadecimal digits")
    );
    assert_eq!(refused(&" ".repeat(16 * 1024 + 1)), (1, "the text is too long"));
}

#[test]
fn a_ring_holds_a_key_once_and_not_too_many() {
    let twice = KeyRing::new(key(1)).with_older(key(1));
    assert!(matches!(twice, Err(VaultError::DuplicateKey)));
    let text = format!("countersign-key-ring 1\n{}\n{}", line("active", 1), line("older", 1));
    assert!(matches!(KeyRing::parse(&text), Err(VaultError::DuplicateKey)));
    let full = (1..64).try_fold(KeyRing::new(key(0)), |ring, number| ring.with_older(key(number))).unwrap();
    assert_eq!(KeyRing::parse(full.to_text().expose_str()).unwrap().ids().len(), KeyRing::MAX_KEYS);
    assert!(matches!(full.with_older(key(64)), Err(VaultError::TooManyKeys)));
}

#[test]
fn weak_keys_are_refused_by_every_door() {
    let weak = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    assert!(matches!(MasterKey::from_hex(weak), Err(VaultError::WeakKey(_))));
    assert!(matches!(KeyRing::parse(weak), Err(VaultError::WeakKey(_))));
    let text = format!("countersign-key-ring 1\nactive 0011223344556677 {weak}");
    assert!(matches!(KeyRing::parse(&text), Err(VaultError::WeakKey(_))));
    for text in
        ["", "00", &hex(1)[..63], &format!("{}0", hex(1)), &format!("{}é", &hex(1)[..62]), &format!(" {}", hex(1))]
    {
        assert!(matches!(MasterKey::from_hex(text), Err(VaultError::MalformedKey)), "{text:?}");
    }
}

#[test]
fn the_fingerprint_shows_the_keys_and_which_is_active() {
    let ring = |numbers: [u8; 3]| {
        numbers[1..].iter().fold(KeyRing::new(key(numbers[0])), |ring, number| ring.with_older(key(*number)).unwrap())
    };
    assert_eq!(ring([1, 2, 3]).fingerprint(), ring([1, 3, 2]).fingerprint());
    assert_ne!(ring([1, 2, 3]).fingerprint(), ring([2, 1, 3]).fingerprint());
    assert_ne!(ring([1, 2, 3]).fingerprint(), ring([1, 2, 4]).fingerprint());
    assert_ne!(ring([1, 2, 3]).fingerprint(), KeyRing::new(key(1)).with_older(key(2)).unwrap().fingerprint());
}

#[test]
fn each_use_of_each_purpose_has_a_key_of_its_own() {
    let vault = vault(1);
    let id = vault.key_ring().active_id();
    let mut keys = Vec::new();
    for purpose in
        [Purpose::SECRET, Purpose::ADDRESS, Purpose::TICKET, Purpose::LOOKUP, Purpose::AUDIT, Purpose::DEVICE]
    {
        keys.push(*vault.subkey(&id, purpose).unwrap().expose_bytes());
        keys.push(*vault.lookup_hash(purpose, b"").as_bytes());
        keys.push(vault.authenticate(purpose, &[]).1);
    }
    let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
    assert_eq!(distinct.len(), 18);
}

#[test]
fn hashes_are_found_again_after_a_rotation() {
    let before = vault(1);
    let stored = before.lookup_hash(Purpose::LOOKUP, b"session token");
    let link = before.authenticate(Purpose::AUDIT, &[b"event"]);
    let after = Vault::new(KeyRing::new(key(2)).with_older(key(1)).unwrap());
    let candidates = after.lookup_candidates(Purpose::LOOKUP, b"session token");
    assert_eq!(candidates[0], after.lookup_hash(Purpose::LOOKUP, b"session token"));
    assert_eq!(candidates.iter().position(|candidate| *candidate == stored), Some(1));
    assert_eq!(after.authenticate_with(&link.0, Purpose::AUDIT, &[b"event"]), Some(link.1));
    assert_eq!(vault(2).authenticate_with(&link.0, Purpose::AUDIT, &[b"event"]), None);
    assert!(vault(2).subkey(&link.0, Purpose::AUDIT).is_none());
    assert!(
        serde_json::from_str::<countersign_vault::LookupHash>(&serde_json::to_string(&stored).unwrap()).unwrap()
            == stored
    );
}
