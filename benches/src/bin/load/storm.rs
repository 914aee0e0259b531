use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{sync::Barrier, task::JoinSet, time::sleep};

use crate::{Person, Summary, http::Connection, measure::now, process::memory, second_steps, sign_ins};

/// Connections that answer second steps meanwhile, and how long each rests after one: about two hundred a second.
const STEADY: usize = 8;
const REST: Duration = Duration::from_millis(40);

/// So many sign-ins at the same moment, each on a connection of its own, while second steps come in steadily.
///
/// For a server that has not hashed anything yet: what it holds then is what "idle" means.
pub async fn measure(mut people: Vec<Person>, sign_ins: usize, pid: u32, server: &str) -> io::Result<()> {
    let steady = people.split_off(sign_ins.min(people.len()));
    let (idle, _) = memory(pid)?;
    let over = Arc::new(AtomicBool::new(false));
    let (steps, calm) = (steady_second_steps(steady, server, &over).await?, now());
    sleep(Duration::from_secs(2)).await;

    let (in_use, _) = memory(pid)?;
    let gate = Arc::new(Barrier::new(people.len() + 1));
    let mut storm = JoinSet::new();
    for person in people {
        let (gate, server) = (Arc::clone(&gate), server.to_owned());
        storm.spawn(async move {
            let (mut connection, body) = (Connection::open(&server).await?, person.sign_in());
            gate.wait().await;
            let sent = now();
            let status = connection.post(sign_ins::PATH, &body).await?.status;
            Ok::<_, io::Error>((status, sent.elapsed()))
        });
    }
    gate.wait().await;
    let (began, mut summary) = (now(), Summary::default());
    while let Some(done) = storm.join_next().await {
        let (status, took) = done??;
        summary.note(status, took);
    }
    let ended = now();
    let (after, peak) = memory(pid)?;
    over.store(true, Ordering::Relaxed);
    let (mut before, mut meanwhile) = (Summary::default(), Summary::default());
    for (sent, status, took) in steps.join_all().await.into_iter().flatten().flatten() {
        if sent >= began && sent < ended {
            meanwhile.note(status, took);
        } else if sent >= calm && sent < began {
            before.note(status, took);
        }
    }
    println!("{sign_ins} sign-ins at once, over after {:.1} s: {summary}", (ended - began).as_secs_f64());
    println!("  second steps before:    {before}");
    println!("  second steps meanwhile: {meanwhile}");
    let mib = |kib: u64| kib as f64 / 1024.0;
    println!(
        "  memory: after the start {:.1} MiB, with second steps alone {:.1} MiB, peak {:.1} MiB ({:.1} MiB more than after the start), after it {:.1} MiB",
        mib(idle),
        mib(in_use),
        mib(peak),
        mib(peak.saturating_sub(idle)),
        mib(after)
    );
    Ok(())
}

type Step = (std::time::Instant, u16, Duration);

/// Second steps, one after another on each of a few connections, until it is over.
async fn steady_second_steps(
    people: Vec<Person>,
    server: &str,
    over: &Arc<AtomicBool>,
) -> io::Result<JoinSet<io::Result<Vec<Step>>>> {
    let mut tasks = JoinSet::new();
    let mut shares: Vec<Vec<Person>> = (0..STEADY).map(|_| Vec::new()).collect();
    for (index, person) in people.into_iter().enumerate() {
        shares[index % STEADY].push(person);
    }
    for share in shares {
        let (mut connection, over) = (Connection::open(server).await?, Arc::clone(over));
        tasks.spawn(async move {
            let mut steps = Vec::new();
            for person in share {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                let body = person.second_step();
                let sent = now();
                let status = connection.post(second_steps::PATH, &body).await?.status;
                steps.push((sent, status, sent.elapsed()));
                sleep(REST).await;
            }
            Ok(steps)
        });
    }
    Ok(tasks)
}
