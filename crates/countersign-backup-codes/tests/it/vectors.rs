//! Values that other programs made: see `tests/data/README.md`.

use argon2::{Algorithm, Argon2, AssociatedData, ParamsBuilder, Version};
use countersign_backup_codes::{CodeSet, Kdf, Workspace};
use serde::Deserialize;

use crate::support::{digest, hex, u256};

#[derive(Deserialize)]
struct Case {
    kdf: String,
    secret: String,
    salt: String,
    derived: String,
}

#[test]
fn slow_hashes_are_those_of_the_reference() {
    let mut memory = Workspace::new();
    let mut ran = 0;
    for file in [include_str!("../data/argon2id.json"), include_str!("../data/pbkdf2.json")] {
        for case in serde_json::from_str::<Vec<Case>>(file).unwrap() {
            let kdf = Kdf::danger_parse(&case.kdf).unwrap();
            let derived = kdf.derive(&mut memory, &hex(&case.secret), &hex(&case.salt)).unwrap();
            assert_eq!(derived.expose_bytes()[..], hex(&case.derived), "{}", case.kdf);
            ran += 1;
        }
    }
    assert_eq!(ran, 11);
    assert_eq!(memory.memory_kib(), 65_536);
}

#[derive(Deserialize)]
struct Rfc9106 {
    password: String,
    salt: String,
    secret: String,
    associated_data: String,
    memory: u32,
    passes: u32,
    lanes: u32,
    tag: String,
}

/// The vector has a secret and associated data, which we do not use: so it is asked of the library itself.
#[test]
fn the_argon2_library_agrees_with_rfc_9106() {
    let case: Rfc9106 = serde_json::from_str(include_str!("../data/rfc_9106.json")).unwrap();
    let params = ParamsBuilder::new()
        .m_cost(case.memory)
        .t_cost(case.passes)
        .p_cost(case.lanes)
        .data(AssociatedData::new(&hex(&case.associated_data)).unwrap())
        .build()
        .unwrap();
    let secret = hex(&case.secret);
    let argon2 = Argon2::new_with_secret(&secret, Algorithm::Argon2id, Version::V0x13, params).unwrap();
    let mut tag = [0; 32];
    argon2.hash_password_into(&hex(&case.password), &hex(&case.salt), &mut tag).unwrap();
    assert_eq!(tag[..], hex(&case.tag));
}

#[derive(Deserialize)]
struct Set {
    codes: Vec<String>,
    pepper: Option<String>,
    set: CodeSet,
}

#[test]
fn codes_of_another_program_burn_once() {
    let sets: Vec<Set> = serde_json::from_str(include_str!("../data/code_sets.json")).unwrap();
    assert_eq!(sets.len(), 3);
    for Set { codes, pepper, mut set } in sets {
        assert_eq!((codes.len(), set.remaining()), (8, 7));
        let digester = match pepper {
            Some(pepper) => set.digester().with_pepper(&u256(&pepper)),
            None => set.digester(),
        };
        for (at, code) in codes.iter().enumerate() {
            let digest = digest(&digester, code);
            // The last one is burnt.
            assert_eq!(set.burn(&digest), at < 7, "{at}");
            assert!(!set.burn(&digest), "{at} again");
        }
        assert_eq!(set.remaining(), 0);
    }
}
