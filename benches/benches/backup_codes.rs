//! Backup codes: what one attempt costs, and Argon2id with memory reused beside the allocating call and the C reference.
//!
//! Argon2id is measured in time of the processor, not of the clock: what the system does to hand out fresh memory counts,
//! other programs do not. The C reference is asked through argon2-cffi, if `python3` has it.

use std::{fs, hint::black_box, process::Command, time::Duration};

use argon2::{Algorithm, Argon2, Params, Version};
use countersign_backup_codes::{BackupCodes, Digester, Kdf, Settings, Workspace};
use criterion::{Criterion, SamplingMode, criterion_group, criterion_main};
use getrandom::SysRng;

const CODE: &str = "7ZQK-2M9D-00FW-3XTA";
const SALT: &[u8; 16] = b"sixteen bytes!!!";

fn attempts(criterion: &mut Criterion) {
    let mut memory = Workspace::new();
    let (codes, set) = BackupCodes::generate(&Settings::new(), &mut memory, &mut SysRng).expect("generated");
    let digester = set.digester();
    let mut group = criterion.benchmark_group("backup codes");
    group.sample_size(20);
    group.bench_function("wrong code", |bencher| {
        bencher.iter(|| set.clone().burn(&digester.digest(black_box(CODE), &mut memory).expect("digest")));
    });
    group.bench_function("wrong code, no set", |bencher| {
        let decoy = Digester::decoy(&Settings::new());
        bencher.iter(|| set.clone().burn(&decoy.digest(black_box(CODE), &mut memory).expect("digest")));
    });
    let digest = digester.digest(codes[9].expose_str(), &mut memory).expect("digest");
    group.bench_function("burn", |bencher| bencher.iter(|| set.clone().burn(black_box(&digest))));
    group.bench_function("looks like a code", |bencher| bencher.iter(|| digester.looks_like_code(black_box(CODE))));
    group.finish();
}

/// The default, OWASP's first choice and RFC 9106's second.
///
/// With 19 MiB glibc keeps the memory for the next call, and then the two calls differ by little. What is larger than 32 MiB it gives
/// back to the system each time, as allocators made for small memory do with everything, and as it does itself when
/// `MALLOC_MMAP_THRESHOLD_` is set: then every call pays for fresh pages.
fn argon2id(criterion: &mut Criterion) {
    for (memory_kib, passes) in [(19_456, 2), (47_104, 1), (65_536, 3)] {
        let mut group = criterion.benchmark_group(format!("argon2id {} MiB, {passes} passes", memory_kib / 1024));
        group.sample_size(20).sampling_mode(SamplingMode::Flat).measurement_time(Duration::from_secs(10));
        let mut memory = Workspace::new();
        let kdf = Kdf::argon2id(memory_kib, passes, 1).expect("strong enough");
        group.bench_function("memory reused and wiped", |bencher| {
            bencher.iter_custom(|times| {
                processor_time(times, || kdf.derive(&mut memory, CODE.as_bytes(), SALT).expect("derived"))
            });
        });
        let params = Params::new(memory_kib, passes, 1, Some(32)).expect("params");
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        group.bench_function("memory allocated", |bencher| {
            bencher.iter_custom(|times| {
                processor_time(times, || {
                    let mut out = [0; 32];
                    argon2.hash_password_into(CODE.as_bytes(), SALT, &mut out).expect("derived");
                    out
                })
            });
        });
        if reference(1, memory_kib, passes).is_some() {
            group.bench_function("C reference", |bencher| {
                bencher.iter_custom(|times| reference(times, memory_kib, passes).expect("it answered before"));
            });
        } else {
            eprintln!("python3 has no argon2-cffi: the C reference is left out");
        }
        group.finish();
    }
}

/// What `times` calls cost this thread, in the kernel too.
fn processor_time<T>(times: u64, mut call: impl FnMut() -> T) -> Duration {
    let before = on_processor();
    for _ in 0..times {
        black_box(call());
    }
    on_processor() - before
}

fn on_processor() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let nanos = text.split(' ').next().and_then(|nanos| nanos.parse().ok()).expect("a number");
    Duration::from_nanos(nanos)
}

fn reference(times: u64, memory_kib: u32, passes: u32) -> Option<Duration> {
    let script = "import sys, time\n\
                  times, memory, passes = map(int, sys.argv[1:])\n\
                  from argon2.low_level import Type, hash_secret_raw\n\
                  start = time.process_time_ns()\n\
                  for _ in range(times):\n\
                  \x20   hash_secret_raw(b'7ZQK-2M9D-00FW-3XTA', b'sixteen bytes!!!', passes, memory, 1, 32, Type.ID)\n\
                  print(time.process_time_ns() - start)";
    let output = Command::new("python3")
        .args(["-c", script])
        .args([times.to_string(), memory_kib.to_string(), passes.to_string()])
        .output()
        .ok()?;
    let nanos = String::from_utf8(output.stdout).ok()?.trim().parse().ok()?;
    Some(Duration::from_nanos(nanos))
}

criterion_group!(benches, attempts, argon2id);
criterion_main!(benches);
