use countersign_vault::{Context, KeyId, KeyRing, LookupHash, MasterKey, Purpose, Sealed};
use proptest::prelude::*;

use crate::support::{Fixed, vault};

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_sealed_opens_in_its_place_alone(
        plaintext in prop::collection::vec(any::<u8>(), 0..2048),
        user in ".{0,40}",
        factor in prop::option::of(".{0,40}"),
        other_user in ".{0,40}",
        other_factor in prop::option::of(".{0,40}"),
        nonce: [u8; 24],
    ) {
        let vault = vault(1);
        fn place<'a>(user: &'a str, factor: Option<&'a str>) -> Context<'a> {
            let place = Context::new(Purpose::SECRET, user);
            factor.map_or(place, |factor| place.factor(factor))
        }
        let here = place(&user, factor.as_deref());
        let sealed = vault.seal(&here, &plaintext, &mut Fixed(nonce.to_vec())).unwrap();
        let read: Sealed = sealed.to_string().parse().unwrap();
        prop_assert_eq!(&read, &sealed);
        let json: Sealed = serde_json::from_str(&serde_json::to_string(&sealed).unwrap()).unwrap();
        prop_assert_eq!(&json, &sealed);
        let opened = vault.open(&here, &read).unwrap();
        prop_assert_eq!(opened.expose_bytes(), &plaintext[..]);
        let there = place(&other_user, other_factor.as_deref());
        prop_assert_eq!(vault.open(&there, &read).is_ok(), here == there);
    }

    #[test]
    fn what_is_read_is_written_the_same(text in "(cs[0-3]|[a-z]{0,4})\\.[0-9a-f]{14,17}\\.[A-Za-z0-9_=-]{0,120}") {
        if let Ok(sealed) = text.parse::<Sealed>() {
            prop_assert_eq!(sealed.to_string(), text);
        }
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in "\\PC{0,200}") {
        let _ = text.parse::<Sealed>();
        let _ = text.parse::<KeyId>();
        let _ = text.parse::<LookupHash>();
        let _ = KeyRing::parse(&text);
        let _ = KeyRing::parse(&format!("countersign-key-ring 1\n{text}"));
        let _ = MasterKey::from_hex(&text);
    }

    #[test]
    fn random_keys_are_taken_and_their_text_is_read(bytes: [u8; 32], more: [u8; 32]) {
        let (one, two) = (MasterKey::from_bytes(bytes), MasterKey::from_bytes(more));
        prop_assume!(one.is_ok() && two.is_ok() && bytes != more);
        let ring = KeyRing::new(one.unwrap()).with_older(two.unwrap()).unwrap();
        let read = KeyRing::parse(ring.to_text().expose_str()).unwrap();
        prop_assert!(read.ids().eq(ring.ids()));
    }
}
