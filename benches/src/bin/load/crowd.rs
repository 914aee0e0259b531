use std::{io, sync::Arc, time::Duration};

use tokio::{
    sync::{Barrier, Semaphore},
    task::JoinSet,
    time::sleep,
};

use crate::{Person, Summary, http::Connection, measure::now, second_steps};

/// What is asked, in turn: nothing here takes a slow hash.
const ROUTES: [&str; 5] = ["/api/v1/auth/me", "/api/v1/2fa/status", "/api/v1/sessions", "/api/v1/devices", "/healthz"];

/// How long it lasts.
const LASTS: Duration = Duration::from_secs(15);

/// So many connections, open all at once and signed in each as somebody else; every one of them asks, and asks again as
/// soon as it has its answer and has rested.
pub async fn measure(people: Vec<Person>, connections: usize, rest: u64, server: &str) -> io::Result<()> {
    let gate = Arc::new(Barrier::new(connections + 1));
    let few = Arc::new(Semaphore::new(64));
    let mut tasks = JoinSet::new();
    for (number, person) in people.into_iter().take(connections).enumerate() {
        let (gate, few, server) = (Arc::clone(&gate), Arc::clone(&few), server.to_owned());
        tasks.spawn(async move {
            let mut connection = Connection::open(&server).await?;
            let token = {
                let _few = few.acquire().await.map_err(io::Error::other)?;
                let answer = connection.post(second_steps::PATH, &person.second_step()).await?;
                answer.member("access_token").ok_or_else(|| io::Error::other(format!("status {}", answer.status)))?
            };
            gate.wait().await;
            let (began, mut summaries) = (now(), ROUTES.map(|_| Summary::default()));
            // Not all of them the same at the same time.
            let mut turn = number;
            if rest > 0 {
                sleep(Duration::from_millis(number as u64 * rest / connections as u64)).await;
            }
            while began.elapsed() < LASTS {
                let route = turn % ROUTES.len();
                turn += 1;
                let sent = now();
                let status = connection.get(ROUTES[route], &token).await?.status;
                summaries[route].note(status, sent.elapsed());
                if rest > 0 {
                    sleep(Duration::from_millis(rest)).await;
                }
            }
            Ok::<_, io::Error>(summaries)
        });
    }
    if tasks.len() < connections {
        return Err(io::Error::other("there are fewer people than connections"));
    }
    tokio::select! {
        _ = gate.wait() => {}
        // Only one that failed ends before the gate opens.
        Some(failed) = tasks.join_next() => return failed?.map(drop),
    }
    let (mut all, mut routes) = (Summary::default(), ROUTES.map(|_| Summary::default()));
    let began = now();
    while let Some(done) = tasks.join_next().await {
        for (route, summary) in routes.iter_mut().zip(done??) {
            route.join(summary);
        }
    }
    let took = began.elapsed().as_secs_f64();
    for (name, route) in ROUTES.iter().zip(routes) {
        println!("  {name}: {route}");
        all.join(route);
    }
    println!(
        "{connections} connections, each rests {rest} ms: {:.0} answers a second, {all}",
        all.number() as f64 / took
    );
    Ok(())
}
