//! HMAC (RFC 2104) over an 8-byte counter, from the states that the hash is in after the key's two padded blocks.
//!
//! Keeping those two states halves the work: a code costs two compressions instead of four, and the message, eight
//! bytes, always fits one block.

use zeroize::{Zeroize, ZeroizeOnDrop, optimization_barrier};

use crate::{Algorithm, Secret, truncate};

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
        match self {
            Self::Sha1(key) => {
                let mut tag = key.tag(counter);
                let value = truncate::dynamic([tag[0], tag[1], tag[2], tag[3], tag[4]], tag[4]);
                wipe(&mut tag);
                value
            }
            Self::Sha256(key) => {
                let mut tag = key.tag(counter);
                let value = truncate::dynamic([tag[0], tag[1], tag[2], tag[3], tag[4]], tag[7]);
                wipe(&mut tag);
                value
            }
            Self::Sha512(key) => {
                let mut tag = key.tag(counter);
                let words = [high(tag[0]), low(tag[0]), high(tag[1]), low(tag[1]), high(tag[2])];
                let value = truncate::dynamic(words, low(tag[7]));
                wipe(&mut tag);
                value
            }
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

/// Overwrites and makes the compiler keep the writes. Wider stores than `zeroize` may use on bytes, for the hot path.
fn wipe<T: Copy + Default, const N: usize>(words: &mut [T; N]) {
    *words = [T::default(); N];
    optimization_barrier(words);
}

/// A keyed hash with 64-bit or 128-bit length field; all differ only in the widths named here.
macro_rules! keyed_hash {
    ($Key:ident, $Hash:ty, $compress:path, $Word:ty, $words:literal, $block:literal, $initial:expr) => {
        #[derive(Zeroize, ZeroizeOnDrop)]
        pub(crate) struct $Key {
            inner: [$Word; $words],
            outer: [$Word; $words],
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
                let mut key = Self { inner: $initial, outer: $initial };
                block.iter_mut().for_each(|byte| *byte ^= 0x36);
                $compress(&mut key.inner, &[block]);
                block.iter_mut().for_each(|byte| *byte ^= 0x36 ^ 0x5c);
                $compress(&mut key.outer, &[block]);
                block.zeroize();
                key
            }

            #[inline]
            fn tag(&self, counter: u64) -> [$Word; $words] {
                let mut block = [0; $block];
                block[..8].copy_from_slice(&counter.to_be_bytes());
                finish(&mut block, 8);
                let mut inner = self.inner;
                $compress(&mut inner, core::slice::from_ref(&block));

                let (digest, rest) = block.split_at_mut(Self::TAG);
                for (bytes, word) in digest.chunks_exact_mut(size_of::<$Word>()).zip(inner) {
                    bytes.copy_from_slice(&word.to_be_bytes());
                }
                rest.fill(0);
                finish(&mut block, Self::TAG);
                let mut outer = self.outer;
                $compress(&mut outer, core::slice::from_ref(&block));
                wipe(&mut inner);
                wipe(&mut block);
                outer
            }
        }
    };
}

/// Ends a last block that holds `len` bytes of a message, one block (the key's) having gone before: a one bit, and the length
/// in bits at the very end (FIPS 180-4, section 5.1).
fn finish<const BLOCK: usize>(block: &mut [u8; BLOCK], len: usize) {
    block[len] = 0x80;
    let bits = (BLOCK as u64 + len as u64) * 8;
    block[BLOCK - 8..].copy_from_slice(&bits.to_be_bytes());
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
