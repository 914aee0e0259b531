//! Values that `tests/data/make_envelopes.py` made, which shares no code with the vault.

use base64ct::{Base64UrlUnpadded, Encoding};
use countersign_vault::{AesGcmBudget, Context, Format, KeyRing, MasterKey, Purpose, Sealed, Vault};
use serde::Deserialize;

use crate::support::Fixed;

#[derive(Deserialize)]
struct Case {
    master: String,
    key_id: String,
    purpose: String,
    user: String,
    factor: Option<String>,
    plaintext: String,
    sealed: String,
    lookup: String,
    authenticated: String,
    subkey: String,
}

impl Case {
    fn all() -> Vec<Self> {
        let cases: Vec<Self> = serde_json::from_str(include_str!("../data/envelopes.json")).unwrap();
        assert_eq!(cases.len(), 6);
        cases
    }

    fn vault(&self) -> Vault {
        let ring = KeyRing::new(MasterKey::from_hex(&self.master).unwrap());
        match self.sealed().format() {
            Format::Aes256Gcm => Vault::with_aes_gcm(ring, AesGcmBudget::new(0, 1)),
            _ => Vault::new(ring),
        }
    }

    fn sealed(&self) -> Sealed {
        self.sealed.parse().unwrap()
    }

    fn purpose(&self) -> Purpose {
        match &*self.purpose {
            "countersign/secret" => Purpose::SECRET,
            "countersign/ticket" => Purpose::TICKET,
            other => Purpose::new(other.to_owned().leak()),
        }
    }

    fn context(&self) -> Context<'_> {
        let context = Context::new(self.purpose(), &self.user);
        self.factor.as_deref().map_or(context, |factor| context.factor(factor))
    }

    fn plaintext(&self) -> Vec<u8> {
        hex(&self.plaintext)
    }
}

fn hex(text: &str) -> Vec<u8> {
    base16ct::lower::decode_vec(text).unwrap()
}

#[test]
fn what_another_program_sealed_opens() {
    for case in Case::all() {
        let opened = case.vault().open(&case.context(), &case.sealed()).unwrap();
        assert_eq!(opened.expose_bytes(), case.plaintext());
    }
}

#[test]
fn with_the_same_nonce_the_same_text_is_sealed() {
    for case in Case::all() {
        let data = case.sealed.rsplit_once('.').unwrap().1;
        let nonce = Base64UrlUnpadded::decode_vec(data).unwrap();
        let sealed = case.vault().seal(&case.context(), &case.plaintext(), &mut Fixed(nonce)).unwrap();
        assert_eq!(sealed.to_string(), case.sealed);
    }
}

#[test]
fn ids_hashes_and_subkeys_are_those_of_another_program() {
    for case in Case::all() {
        let (vault, user, plaintext) = (case.vault(), case.user.as_bytes(), case.plaintext());
        let id = vault.key_ring().active_id();
        assert_eq!(id.to_string(), case.key_id);
        assert_eq!(vault.lookup_hash(case.purpose(), user).to_string(), case.lookup);
        let (key, mac) = vault.authenticate(case.purpose(), &[user, &plaintext]);
        assert_eq!((key, &mac[..]), (id, &hex(&case.authenticated)[..]));
        assert_eq!(vault.authenticate_with(&id, case.purpose(), &[user, &plaintext]), Some(mac));
        assert_eq!(vault.subkey(&id, case.purpose()).unwrap().expose_bytes()[..], hex(&case.subkey));
    }
}
