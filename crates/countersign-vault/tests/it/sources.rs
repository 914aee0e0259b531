use std::{error::Error, fs, path::Path};

use countersign_vault::{
    FileSource, KeyRing, KeySource, Plaintext, TextSource, Unwrap, Vault, VaultError, WrappedFileSource,
};
use getrandom::SysRng;

use crate::support::{key, vault};

fn write(path: &Path, bytes: &[u8], mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn ring() -> KeyRing {
    KeyRing::new(key(1)).with_older(key(2)).unwrap()
}

#[test]
fn a_text_is_read_and_its_absence_named() {
    let text = ring().to_text().expose_str().to_owned();
    let source = TextSource::new("COUNTERSIGN_KEYS", Some(text));
    assert_eq!(source.key_ring().unwrap().fingerprint(), ring().fingerprint());
    assert_eq!(format!("{source:?}"), "TextSource { name: \"COUNTERSIGN_KEYS\", .. }");
    for text in [None, Some(String::new()), Some(" \n".into())] {
        let error = TextSource::new("COUNTERSIGN_KEYS", text).key_ring().unwrap_err();
        assert_eq!(
            error.to_string(),
            "COUNTERSIGN_KEYS holds no key: 64 hexadecimal digits, or a key ring, are needed"
        );
    }
}

#[test]
fn a_file_is_read_if_it_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    let source = FileSource::new(&path);
    assert!(matches!(source.key_ring(), Err(VaultError::KeyFile { .. })));
    for (mode, read) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o620, false), (0o601, false)] {
        write(&path, ring().to_text().expose_str().as_bytes(), mode);
        match source.key_ring() {
            Ok(found) => assert!(read && found.fingerprint() == ring().fingerprint(), "{mode:o}"),
            Err(VaultError::KeyFileRefused { reason, .. }) => assert!(!read && reason.contains("0600"), "{mode:o}"),
            Err(other) => panic!("{other:?}"),
        }
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn a_file_that_is_no_key_ring_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    write(&path, &vec![b' '; 16 * 1024 + 1], 0o600);
    assert!(matches!(
        FileSource::new(&path).key_ring(),
        Err(VaultError::KeyFileRefused { reason: "it is too long", .. })
    ));
    write(&path, b"\xff\xfe", 0o600);
    assert!(matches!(FileSource::new(&path).key_ring(), Err(VaultError::MalformedKeyRing { .. })));
    write(&path, "00".repeat(32).as_bytes(), 0o600);
    assert!(matches!(FileSource::new(&path).key_ring(), Err(VaultError::WeakKey(_))));
    assert!(FileSource::new(folder.path()).key_ring().is_err());
}

#[test]
fn a_wrapped_file_is_read_with_the_key_that_wrapped_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.wrapped");
    let wrapped = vault(9).wrap_key_ring(&ring(), &mut SysRng).unwrap();
    write(&path, format!("{wrapped}\n").as_bytes(), 0o644);
    let found = WrappedFileSource::new(&path, vault(9)).key_ring().unwrap();
    assert_eq!(found.fingerprint(), ring().fingerprint());
    let error = WrappedFileSource::new(&path, vault(8)).key_ring().unwrap_err();
    assert_eq!(error.to_string(), "the wrapped key ring was not unwrapped");
    assert_eq!(error.source().unwrap().to_string(), "the sealed value did not open");
    write(&path, &vec![b'x'; 64 * 1024 + 1], 0o644);
    assert!(matches!(WrappedFileSource::new(&path, vault(9)).key_ring(), Err(VaultError::KeyFileRefused { .. })));
}

/// Stands for a service that holds the wrapping key itself.
#[derive(Debug)]
struct Service;

impl Unwrap for Service {
    fn unwrap(&self, wrapped: &[u8]) -> Result<Plaintext, Box<dyn Error + Send + Sync>> {
        if wrapped != b"blob" {
            return Err("the service does not know this key".into());
        }
        Ok(Plaintext::from(ring().to_text().expose_str().as_bytes().to_vec()))
    }
}

#[test]
fn a_service_unwraps_what_is_opaque_to_us() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.wrapped");
    write(&path, b"blob", 0o644);
    let vault = Vault::new(WrappedFileSource::new(&path, Service).key_ring().unwrap());
    assert_eq!(vault.key_ring().fingerprint(), ring().fingerprint());
    write(&path, b"other", 0o644);
    let error = WrappedFileSource::new(&path, Service).key_ring().unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "the service does not know this key");
}
