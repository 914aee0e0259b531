//! The vault: sealing and opening a shared secret, finding a row, and deriving a key; beside the bare ciphers.

use std::hint::black_box;

use aes_gcm::{Aes256Gcm, aead::AeadInOut};
use countersign_vault::{AesGcmBudget, Context, KeyRing, MasterKey, Purpose, Sealed, Vault};
use criterion::{Criterion, criterion_group, criterion_main};
use getrandom::SysRng;
use hmac::KeyInit;
use xaes_256_gcm::Xaes256Gcm;

const PLACE: Context<'static> = Context::new(Purpose::SECRET, "0191a1c0-7e3f-7cc1-8e7a-1d2f4b5c6d7e").factor("totp-1");
const SECRET: &[u8] = b"12345678901234567890";

fn ring() -> KeyRing {
    KeyRing::new(MasterKey::generate(&mut SysRng).expect("random bytes"))
}

fn sealing(criterion: &mut Criterion) {
    let vaults = [
        ("xaes-256-gcm", Vault::new(ring())),
        ("aes-256-gcm", Vault::with_aes_gcm(ring(), AesGcmBudget::new(0, AesGcmBudget::LIMIT))),
    ];
    let mut group = criterion.benchmark_group("vault");
    for (name, vault) in &vaults {
        let sealed = vault.seal(&PLACE, SECRET, &mut SysRng).expect("sealed");
        let text = sealed.to_string();
        // The nonce is a system call; what is ours is the difference to the next line but two.
        group.bench_function(format!("seal/{name}"), |bencher| {
            bencher.iter(|| vault.seal(&PLACE, black_box(SECRET), &mut SysRng).expect("sealed"));
        });
        group.bench_function(format!("open/{name}"), |bencher| {
            bencher.iter(|| vault.open(&PLACE, black_box(&sealed)).expect("opened"));
        });
        group.bench_function(format!("read and open/{name}"), |bencher| {
            bencher.iter(|| vault.open(&PLACE, &black_box(&text).parse::<Sealed>().expect("text")).expect("opened"));
        });
        group.bench_function(format!("refuse/{name}"), |bencher| {
            let elsewhere = Context::new(Purpose::SECRET, "somebody else");
            bencher.iter(|| vault.open(&elsewhere, black_box(&sealed)).is_err());
        });
    }
    group.bench_function("nonce of 24 bytes", |bencher| {
        use rand_core::TryRng;
        let mut nonce = [0; 24];
        bencher.iter(|| SysRng.try_fill_bytes(black_box(&mut nonce)));
    });
    group.bench_function("bare xaes-256-gcm", |bencher| {
        let cipher = Xaes256Gcm::new(&[7; 32].into());
        let mut buffer = *b"12345678901234567890";
        bencher.iter(|| cipher.encrypt_inout_detached(&[1; 24].into(), &[0; 120], black_box(&mut buffer[..]).into()));
    });
    group.bench_function("bare aes-256-gcm", |bencher| {
        let cipher = Aes256Gcm::new(&[7; 32].into());
        let mut buffer = *b"12345678901234567890";
        bencher.iter(|| cipher.encrypt_inout_detached(&[1; 12].into(), &[0; 120], black_box(&mut buffer[..]).into()));
    });
    group.finish();
}

fn hashing(criterion: &mut Criterion) {
    let vault = Vault::new(ring());
    let id = vault.key_ring().active_id();
    let mut group = criterion.benchmark_group("vault");
    group.bench_function("lookup hash", |bencher| {
        bencher.iter(|| vault.lookup_hash(Purpose::LOOKUP, black_box(&[7; 32])));
    });
    group.bench_function("authenticate", |bencher| {
        bencher.iter(|| vault.authenticate(Purpose::AUDIT, black_box(&[&[7; 32], &[8; 200]])));
    });
    group.bench_function("subkey", |bencher| bencher.iter(|| vault.subkey(black_box(&id), Purpose::DEVICE)));
    group.finish();
}

criterion_group!(benches, sealing, hashing);
criterion_main!(benches);
