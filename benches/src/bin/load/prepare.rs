use std::{io, path::Path, sync::Arc};

use countersign::{
    Challenge, Client, Generator, History, ImportOptions, ImportedLine, Randomness as _, SystemRandom, TwoFactor,
    backup_codes::{Kdf, Workspace},
    clock::{Clock as _, SystemClock, Timestamp},
    store::UserId,
    vault::{FileSource, KeySource as _, Vault},
};
use countersign_sqlx::{Database, PostgresOptions, SqlStore, SqliteOptions, Statement};
use tokio::task::JoinSet;

use crate::people::{Output, PASSWORD, Person};

/// How many are made at the same time.
const AT_ONCE: usize = 128;

/// Makes so many accounts, each with a password, a second factor, ten backup codes and an open ticket.
///
/// Through the server each would cost two slow hashes. Here one hash serves all, and the engine itself does the rest.
pub async fn prepare(url: &str, keys: &Path, number: usize, mut people: Output) -> io::Result<()> {
    let database = match url.strip_prefix("sqlite://") {
        Some(path) => Database::open_sqlite(path, SqliteOptions::default()).await,
        None => Database::open_postgres(url, PostgresOptions::default()).await,
    };
    let database = database.map_err(io::Error::other)?;
    let vault = Vault::new(FileSource::new(keys).key_ring().map_err(io::Error::other)?);
    let engine = TwoFactor::builder()
        .store(Arc::new(SqlStore::new(database.clone())))
        .vault(Arc::new(vault))
        .issuer("Countersign")
        .build()
        .map_err(io::Error::other)?;
    let password =
        Kdf::default().hash_password(&mut Workspace::new(), PASSWORD.as_bytes(), &mut Generator(&SystemRandom));
    let password = password.map_err(io::Error::other)?;
    let workshop = Arc::new(Workshop { database, engine, password, now: SystemClock::new().now().expect("a clock") });
    let mut tasks = JoinSet::new();
    for _ in 0..number {
        if tasks.len() == AT_ONCE {
            people.write(&tasks.join_next().await.expect("there are some")??)?;
        }
        let workshop = Arc::clone(&workshop);
        tasks.spawn(async move { workshop.make().await });
    }
    while let Some(made) = tasks.join_next().await {
        people.write(&made??)?;
    }
    workshop.database.close().await;
    people.finish()
}

struct Workshop {
    database: Database,
    engine: TwoFactor,
    password: String,
    now: Timestamp,
}

const ACCOUNT: &str =
    "INSERT INTO server_accounts (id, email, password, enrolled, created_at) VALUES ($1, $2, $3, $4, $5)";

/// Hashes of backup codes that nobody types here: they make the records as large as they are in real life.
const BACKUP_CODE: &str =
    "pbkdf2_sha256$1000$947a13af6667915b2c290135a393f8dd$jBEhsIjhVv48drXrt75uTLzUEluEhAFhYyX0DtGIwVo=";

impl Workshop {
    async fn make(&self) -> io::Result<Person> {
        let mut random = [0; 36];
        SystemRandom.fill(&mut random).map_err(io::Error::other)?;
        let (id, secret) = random.split_at(16);
        let millis = self.now.as_millis();
        let id = uuid::Builder::from_unix_timestamp_millis(millis, id[6..].try_into().expect("ten bytes")).into_uuid();
        let (id, email) = (id.to_string(), format!("{}@example.com", id.simple()));
        let secret = base32::encode(base32::Alphabet::Rfc4648 { padding: false }, secret);
        let user = UserId::new(id.clone()).map_err(io::Error::other)?;
        let account =
            Statement::new(ACCOUNT).bind(id.as_str()).bind(email.as_str()).bind(self.password.as_str()).bind(true);
        let account = account.bind(i64::try_from(millis).map_err(io::Error::other)?);
        let _ = self.database.write(vec![account]).await.map_err(io::Error::other)?;
        let line = serde_json::json!({"user": id, "secret": secret, "backup_codes": vec![BACKUP_CODE; 10]}).to_string();
        match self.engine.import(&line, History::Never, &ImportOptions::new()).await.map_err(io::Error::other)? {
            ImportedLine::Imported(_) => {}
            ImportedLine::Refused(problem) => return Err(io::Error::other(problem)),
        }
        let challenge = self.engine.after_first_factor(&user, History::Enrolled, &Client::default()).await;
        match challenge.map_err(io::Error::other)? {
            Challenge::Ticket(ticket) => Ok(Person { email, secret, ticket: ticket.token.expose_str().to_owned() }),
            _ => Err(io::Error::other("no ticket")),
        }
    }
}
