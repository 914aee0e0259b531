use countersign::clock::Clock as _;
use countersign_sqlx::{Database, Statement};
use http::Method;

use super::rig::{ADA, Rig, request};

const DAY: u64 = 24 * 60 * 60;

const SESSION: &str = "INSERT INTO server_sessions (id, account, token, epoch, created_at, authenticated_at, last_seen_at, \
                       device, device_name, network) VALUES ($1, $2, $3, 0, $4, $4, $5, 'd', 'Firefox', '192.0.2.0/24')";
const REFRESH_TOKEN: &str = "INSERT INTO server_refresh_tokens (hash, session) VALUES ($1, $2)";
const DEVICE: &str = "INSERT INTO server_devices (id, account, fingerprint, name, network, address, first_seen_at, \
                      last_seen_at) VALUES ($1, $2, $3, 'Firefox', '192.0.2.0/24', '', $4, $4)";
const LIMIT: &str =
    "INSERT INTO countersign_limits (bucket, since, used, earlier, expires_at) VALUES ($1, $2, 1, 0, $2)";

/// Rows that no longer hold, 600 of each kind, beside those of the one who is signed in.
async fn fill(database: &Database, account: &str, now: u64) {
    let at = |before: u64| i64::try_from((now - before) * 1000).unwrap();
    for n in 0..600 {
        let (idle, old) = (format!("idle-{n}"), format!("old-{n}"));
        let batch = vec![
            Statement::new(SESSION)
                .bind(idle.as_str())
                .bind(account)
                .bind(idle.as_bytes())
                .bind(at(3600))
                .bind(at(1801)),
            Statement::new(SESSION).bind(old.as_str()).bind(account).bind(old.as_bytes()).bind(at(DAY + 1)).bind(at(0)),
            Statement::new(REFRESH_TOKEN).bind(old.as_bytes()).bind(old.as_str()),
            Statement::new(DEVICE).bind(old.as_str()).bind(account).bind(old.as_bytes()).bind(at(181 * DAY)),
            Statement::new(LIMIT).bind(old.as_str()).bind(at(1)),
        ];
        assert!(database.write(batch).await.unwrap().is_done());
    }
    let running = Statement::new(LIMIT).bind("running").bind(at(0) + 1);
    assert!(database.write(vec![running]).await.unwrap().is_done());
}

async fn counts(database: &Database) -> Vec<u64> {
    let mut counts = Vec::new();
    for sql in [
        "SELECT count(*) FROM server_sessions",
        "SELECT count(*) FROM server_refresh_tokens",
        "SELECT count(*) FROM server_devices",
        "SELECT count(*) FROM countersign_limits WHERE bucket LIKE 'old-%'",
        "SELECT count(*) FROM countersign_limits WHERE bucket = 'running'",
        "SELECT count(*) FROM countersign_audit",
    ] {
        counts.push(database.fetch(sql, Vec::new()).await.unwrap()[0].u64(0).unwrap());
    }
    counts
}

async fn what_no_longer_holds_goes(rig: Rig) {
    let ada = rig.enrol(ADA).await;
    rig.wait(366 * DAY);
    let session = rig.sign_in(ADA, &ada.phone).await;
    let (one, two) = (rig.house().await, rig.house().await);
    let database = &one.database;
    let account = database.fetch("SELECT id FROM server_accounts", Vec::new()).await.unwrap();
    fill(database, account[0].text(0).unwrap(), rig.secs()).await;
    let now = rig.clock.now().unwrap();
    assert_eq!(counts(database).await, [1202, 602, 601, 600, 1, 4]);

    assert_eq!(one.sessions().sweep(now).await.unwrap(), 500, "in steps");
    let (first, second) = (one.sweeper().unwrap(), two.sweeper().unwrap());
    // Two instances at once, neither in the other's way.
    let _ = tokio::join!(first.once(now, None), second.once(now, None));
    assert_eq!(counts(database).await, [1, 1, 1, 0, 1, 2]);
    let me = request(Method::GET, "/api/v1/auth/me", "192.0.2.1").header("cookie", session.cookie());
    assert_eq!(rig.send(me, None).await.status, 200, "what holds stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_longer_holds_goes_on_sqlite() {
    what_no_longer_holds_goes(Rig::new().await).await;
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread")]
async fn what_no_longer_holds_goes_on_postgresql() {
    let postgres = super::postgres::Postgres::start();
    what_no_longer_holds_goes(Rig::with(&["--database-url", &postgres.url()]).await).await;
}

#[tokio::test]
async fn events_of_trails_stay_where_they_are_to_be_kept_and_while_they_are_young() {
    for (arguments, left) in [(&["--audit-retention", "off"][..], 2), (&["--audit-retention", "30d"], 0), (&[], 2)] {
        let rig = Rig::with(arguments).await;
        rig.enrol(ADA).await;
        rig.wait(31 * DAY);
        let house = rig.house().await;
        house.sweeper().unwrap().once(rig.clock.now().unwrap(), None).await;
        assert_eq!(counts(&house.database).await[5], left, "{arguments:?}");
    }
}
