use std::{
    io, process,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::task::JoinSet;

use crate::{Person, Summary, http::Connection, measure::now, process::cpu_time};

pub const PATH: &str = "/api/v1/auth/login/2fa";

/// Signs everybody in, each once with a fresh code, as fast as the server answers; the first tenth is not counted.
pub async fn measure(people: Vec<Person>, connections: usize, pids: &[u32], servers: &[String]) -> io::Result<()> {
    let people = Arc::new(people);
    let warm = people.len() / 10;
    run(&people, 0..warm, connections, servers).await?;
    let used = || pids.iter().map(|pid| cpu_time(*pid)).sum::<io::Result<Duration>>();
    let (before, ours) = (used()?, cpu_time(process::id())?);
    let started = now();
    let summary = run(&people, warm..people.len(), connections, servers).await?;
    let took = started.elapsed();
    let each = |time: Duration| time.as_secs_f64() * 1e6 / summary.number() as f64;
    println!(
        "second steps, {connections} connections, {} server(s): {:.0} a second ({summary}; CPU time for each: {:.0} us of the server, {:.0} us of the generator)",
        servers.len(),
        summary.number() as f64 / took.as_secs_f64(),
        each(used()? - before),
        each(cpu_time(process::id())? - ours),
    );
    Ok(())
}

async fn run(
    people: &Arc<Vec<Person>>,
    which: std::ops::Range<usize>,
    connections: usize,
    servers: &[String],
) -> io::Result<Summary> {
    let next = Arc::new(AtomicUsize::new(which.start));
    let mut tasks = JoinSet::new();
    for number in 0..connections {
        let mut connection = Connection::open(&servers[number % servers.len()]).await?;
        let (people, next, end) = (Arc::clone(people), Arc::clone(&next), which.end);
        tasks.spawn(async move {
            let mut summary = Summary::default();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= end {
                    return Ok::<_, io::Error>(summary);
                }
                let body = people[index].second_step();
                let sent = now();
                let status = connection.post(PATH, &body).await?.status;
                summary.note(status, sent.elapsed());
            }
        });
    }
    let mut summary = Summary::default();
    while let Some(done) = tasks.join_next().await {
        summary.join(done??);
    }
    Ok(summary)
}
