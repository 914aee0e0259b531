//! One-time codes: ours, totp-rs, and the floor under both: as many bare compressions as the work cannot do without.

use std::{hint::black_box, time::Duration};

use countersign_otp::{Algorithm, Digits, KeyUri, Secret, Totp, UnixTime, Window};
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main, measurement::WallTime};

const ALGORITHMS: [Algorithm; 3] = [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512];
const NOW: u64 = 1_234_567_890;
const URI: &str = "otpauth://totp/Example%20Co:alice@example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
                   &issuer=Example%20Co&algorithm=SHA1&digits=6&period=30";

fn ours(algorithm: Algorithm) -> Totp {
    let secret = Secret::from_bytes(&vec![0x5a; algorithm.secret_bytes()]).expect("long enough");
    Totp::new(secret).algorithm(algorithm).digits(Digits::EIGHT)
}

fn totp_rs(algorithm: Algorithm) -> totp_rs::Totp {
    let theirs = match algorithm {
        Algorithm::Sha1 => totp_rs::Algorithm::SHA1,
        Algorithm::Sha256 => totp_rs::Algorithm::SHA256,
        Algorithm::Sha512 => totp_rs::Algorithm::SHA512,
    };
    totp_rs::Builder::new()
        .with_algorithm(theirs)
        .with_digits(8)
        .with_secret(vec![0x5a; algorithm.secret_bytes()])
        .build()
        .expect("valid")
}

/// The HMACs of `times` counters from the states that a key leaves, bare: a block for the counter, a compression, a block for
/// what came out of it, a compression. No truncation, no digits, no wiping, no comparison. The blocks are put together the fastest
/// way known: the padding hidden from the compiler, which then stores whole vectors that can be read back at once.
macro_rules! floor {
    ($group:ident, $compress:path, $Word:ty, $words:literal, $block:literal, $times:expr) => {{
        const WIDTH: usize = size_of::<$Word>();
        const INNER: [u8; $block] = padding(8);
        const OUTER: [$Word; 16] = {
            let mut words = [0; 16];
            words[$words] = (1 as $Word).rotate_right(1).to_be();
            words[15] = ($block * 8 + $words * <$Word>::BITS as $Word).to_be();
            words
        };
        #[inline(never)]
        fn bare(state: &[$Word; $words], counter: &u64) -> [$Word; $words] {
            let mut block = INNER;
            let mut head = [0; 16];
            head[..8].copy_from_slice(&counter.to_be_bytes());
            for ((byte, head), pad) in block.iter_mut().zip(head).zip(black_box(&INNER)) {
                *byte = head | pad;
            }
            let mut inner = *state;
            $compress(&mut inner, &[block]);
            let mut words = [0; 16];
            words[..$words].copy_from_slice(&inner);
            let mut block = [0; $block];
            for ((bytes, word), pad) in block.chunks_exact_mut(WIDTH).zip(words).zip(black_box(&OUTER)) {
                bytes.copy_from_slice(&(word.to_be() | pad).to_ne_bytes());
            }
            let mut outer = *state;
            $compress(&mut outer, &[block]);
            outer
        }
        $group.bench_function("floor", |bencher| {
            let state = [0x5a; $words];
            bencher.iter(|| (0_u64..$times).for_each(|counter| _ = black_box(bare(black_box(&state), &black_box(counter)))));
        });
        // The compressions alone, over a block that never changes: what the processor can do when nothing has to be moved.
        $group.bench_function("compressions", |bencher| {
            let (state, block) = ([0x5a as $Word; $words], [[0x36_u8; $block]]);
            bencher.iter(|| {
                let mut state = black_box(state);
                (0..2 * $times).for_each(|_| $compress(&mut state, black_box(&block)));
                state
            });
        });
    }};
}

/// What follows `len` bytes in their only block, after the key's block.
const fn padding<const BLOCK: usize>(len: usize) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    block[len] = 0x80;
    let [.., high, low] = ((BLOCK + len) * 8).to_be_bytes();
    (block[BLOCK - 2], block[BLOCK - 1]) = (high, low);
    block
}

fn floor(group: &mut BenchmarkGroup<'_, WallTime>, algorithm: Algorithm, codes: u64) {
    match algorithm {
        Algorithm::Sha1 => floor!(group, sha1::block_api::compress, u32, 5, 64, codes),
        Algorithm::Sha256 => floor!(group, sha2::block_api::compress256, u32, 8, 64, codes),
        Algorithm::Sha512 => floor!(group, sha2::block_api::compress512, u64, 8, 128, codes),
    }
}

/// An 8-digit code, the secret parsed beforehand. Must be within 0.70 of totp-rs and within 1.20 of two compressions.
fn generate(criterion: &mut Criterion) {
    for algorithm in ALGORITHMS {
        let mut group = criterion.benchmark_group(format!("generate/{algorithm}"));
        let (mine, theirs) = (ours(algorithm), totp_rs(algorithm));
        assert_eq!(mine.code_at(UnixTime::from_secs(NOW)).as_str(), theirs.generate(NOW).to_string());
        group.bench_function("countersign", |bencher| {
            bencher.iter(|| mine.code_at(UnixTime::from_secs(black_box(NOW))))
        });
        group.bench_function("totp-rs", |bencher| bencher.iter(|| theirs.generate(black_box(NOW))));
        floor(&mut group, algorithm, 1);
        group.finish();
    }
}

/// One step either side, no match. Must be within 0.70 of totp-rs and within 1.20 of six compressions.
fn verify(criterion: &mut Criterion) {
    for algorithm in ALGORITHMS {
        let mut group = criterion.benchmark_group(format!("verify/{algorithm}"));
        let (mine, theirs) = (ours(algorithm), totp_rs(algorithm));
        let input = "00000000";
        assert!(theirs.check(input, NOW).is_none());
        group.bench_function("countersign", |bencher| {
            bencher
                .iter(|| mine.verify(black_box(input), UnixTime::from_secs(black_box(NOW)), Window::default(), None));
        });
        group.bench_function("totp-rs", |bencher| bencher.iter(|| theirs.check(black_box(input), black_box(NOW))));
        floor(&mut group, algorithm, 3);
        group.finish();
    }
}

/// The same time wherever the match is.
fn verify_by_place(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("verify-by-place/SHA1");
    let mine = ours(Algorithm::Sha1);
    for (place, time) in [("first", NOW - 30), ("middle", NOW), ("last", NOW + 30), ("none", NOW + 300)] {
        let code = mine.code_at(UnixTime::from_secs(time));
        let code = code.as_str();
        group.bench_function(place, |bencher| {
            bencher.iter(|| mine.verify(black_box(code), UnixTime::from_secs(black_box(NOW)), Window::default(), None));
        });
    }
    group.finish();
}

/// A typical key URI. Must be within 0.30 of totp-rs.
fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse-uri");
    group.bench_function("countersign", |bencher| {
        bencher.iter(|| KeyUri::parse(black_box(URI)).expect("valid"));
    });
    // With the keyed state computed, which totp-rs does again for every code.
    group.bench_function("countersign, to codes", |bencher| {
        bencher.iter(|| KeyUri::parse(black_box(URI)).expect("valid").to_totp().expect("time-based"));
    });
    group.bench_function("totp-rs", |bencher| {
        bencher.iter(|| totp_rs::Totp::from_url(black_box(URI)).expect("valid"));
    });
    group.finish();
}

criterion_group! {
    name = otp;
    config = Criterion::default().warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    targets = generate, verify, verify_by_place, parse
}
criterion_main!(otp);
