use std::{
    io, process,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use countersign_backup_codes::{Kdf, Workspace};
use tokio::task::JoinSet;

use crate::{Person, Summary, http::Connection, measure::now, people::PASSWORD, process::cpu_time};

pub const PATH: &str = "/api/v1/auth/login";

/// Rounds of each kind, in turn, so that a machine that slows down does so for all of them.
const ROUNDS: usize = 5;
/// Bare hashes in a round.
const HASHES: usize = 120;
/// Connections that sign in: twice what runs at once, so that a hash is always waiting.
const CONNECTIONS: usize = 4;
/// As many at a time as the server runs on two cores, since they share the caches and the way to memory.
const AT_ONCE: usize = 2;

const SALT: &[u8] = b"sixteen bytes ok";

/// How many hashes, or sign-ins, a second of CPU time does: bare and by the server, round by round; medians.
pub async fn measure(people: &[Person], pid: u32, server: &str) -> io::Result<()> {
    let bodies: Vec<_> = people.iter().map(Person::sign_in).collect();
    let (warm, bodies) = bodies.split_at(bodies.len() / 10);
    sign_in(warm, server).await?;
    let (mut ours, mut crates, mut allocating, mut served) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut all = Summary::default();
    for bodies in bodies.chunks(bodies.len() / ROUNDS).take(ROUNDS) {
        ours.push(bare(our_hashes)?);
        crates.push(bare(hashes_with_memory)?);
        allocating.push(bare(hashes_allocating)?);
        let before = cpu_time(pid)?;
        let started = now();
        let summary = sign_in(bodies, server).await?;
        let took = started.elapsed().as_secs_f64();
        served.push(summary.number() as f64 / (cpu_time(pid)? - before).as_secs_f64());
        println!("  a round: {:.1} sign-ins a second ({summary})", summary.number() as f64 / took);
        all.join(summary);
    }
    let (ours, crates, allocating, served) = (median(ours), median(crates), median(allocating), median(served));
    println!("sign-ins: {served:.1} a second of CPU time ({all})");
    println!("bare Argon2id, 19 MiB and 2 passes, two at once, a second of CPU time:");
    println!("  our own hasher                   {ours:.1}: sign-ins are {:.1} % of it", 100.0 * served / ours);
    println!("  the crate argon2, memory reused  {crates:.1}: sign-ins are {:.1} % of it", 100.0 * served / crates);
    println!(
        "  the crate argon2, allocating     {allocating:.1}: sign-ins are {:.1} % of it",
        100.0 * served / allocating
    );
    Ok(())
}

/// Each signs in once, over a few connections.
async fn sign_in(bodies: &[String], server: &str) -> io::Result<Summary> {
    let bodies: Arc<[String]> = bodies.into();
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let mut connection = Connection::open(server).await?;
        let (bodies, next) = (Arc::clone(&bodies), Arc::clone(&next));
        tasks.spawn(async move {
            let mut summary = Summary::default();
            while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
                let sent = now();
                let status = connection.post(PATH, body).await?.status;
                summary.note(status, sent.elapsed());
            }
            Ok::<_, io::Error>(summary)
        });
    }
    let mut summary = Summary::default();
    while let Some(done) = tasks.join_next().await {
        summary.join(done??);
    }
    Ok(summary)
}

/// Hashes a second of CPU time.
fn bare(hashes: fn(usize)) -> io::Result<f64> {
    let before = cpu_time(process::id())?;
    let threads: Vec<_> = (0..AT_ONCE).map(|_| thread::spawn(move || hashes(HASHES / AT_ONCE))).collect();
    for thread in threads {
        thread.join().map_err(|_| io::Error::other("a hash failed"))?;
    }
    Ok(HASHES as f64 / (cpu_time(process::id())? - before).max(Duration::from_millis(1)).as_secs_f64())
}

fn our_hashes(number: usize) {
    let (kdf, mut memory) = (Kdf::default(), Workspace::new());
    for _ in 0..number {
        std::hint::black_box(kdf.derive(&mut memory, PASSWORD.as_bytes(), SALT).expect("derived"));
    }
}

fn crates_argon2() -> Argon2<'static> {
    let params = Params::new(19_456, 2, 1, Some(32)).expect("params");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hashes_with_memory(number: usize) {
    let argon2 = crates_argon2();
    let mut memory = vec![Block::default(); argon2.params().block_count()];
    for _ in 0..number {
        let mut out = [0; 32];
        argon2.hash_password_into_with_memory(PASSWORD.as_bytes(), SALT, &mut out, &mut memory).expect("derived");
        std::hint::black_box(out);
    }
}

fn hashes_allocating(number: usize) {
    let argon2 = crates_argon2();
    for _ in 0..number {
        let mut out = [0; 32];
        argon2.hash_password_into(PASSWORD.as_bytes(), SALT, &mut out).expect("derived");
        std::hint::black_box(out);
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
