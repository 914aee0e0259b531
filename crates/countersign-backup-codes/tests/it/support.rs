use std::sync::OnceLock;

use countersign_backup_codes::{BackupCodes, CodeSet, Digest, Digester, Settings, Workspace};
use getrandom::SysRng;
use rand_core::{TryCryptoRng, TryRng};

/// Codes as they were shown, and their set. Made once: a set costs ten slow hashes.
pub(crate) fn shown() -> (&'static [String], CodeSet) {
    static MADE: OnceLock<(Vec<String>, CodeSet)> = OnceLock::new();
    let (codes, set) = MADE.get_or_init(|| {
        let (codes, set) = BackupCodes::generate(&Settings::new(), &mut Workspace::new(), &mut SysRng).unwrap();
        (codes.iter().map(|code| code.expose_str().to_owned()).collect(), set)
    });
    (codes, set.clone())
}

pub(crate) fn digest(digester: &Digester, input: &str) -> Digest {
    digester.digest(input, &mut Workspace::new()).unwrap()
}

/// A set of eight under a slow hash that is not slow, for tests that are not about it; the codes are in
/// `tests/data/code_sets.json`, made by another program. The last one is burnt.
pub(crate) fn quick() -> (Vec<String>, CodeSet, [u8; 32]) {
    let cases: Vec<serde_json::Value> = serde_json::from_str(include_str!("../data/code_sets.json")).unwrap();
    let case = &cases[2];
    let codes = case["codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect();
    let pepper = u256(case["pepper"].as_str().unwrap());
    (codes, serde_json::from_value(case["set"].clone()).unwrap(), pepper)
}

pub(crate) fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

pub(crate) fn u256(text: &str) -> [u8; 32] {
    hex(text).try_into().unwrap()
}

/// A generator that is out of order.
pub(crate) struct Broken;

impl TryRng for Broken {
    type Error = std::fmt::Error;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Err(std::fmt::Error)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Err(std::fmt::Error)
    }

    fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), Self::Error> {
        Err(std::fmt::Error)
    }
}

impl TryCryptoRng for Broken {}
