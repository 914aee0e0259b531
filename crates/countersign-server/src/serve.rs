use std::{io, sync::Arc, time::Duration};

use axum::Router;
use countersign::{
    Allowance, HashPool, Policy, Randomness, SystemRandom, TwoFactor,
    clock::{Clock, SystemClock},
    otp::Digits,
    vault::Vault,
};
use countersign_axum::{AddressLimit, Handle, RouteLimits};
use countersign_rate_limit::{MemoryLimiter, RateLimiter};
use countersign_sqlx::{Database, Engine, SqlLimiter, SqlStore, SqliteOptions};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
};

use crate::{
    access_token::AccessTokens,
    accounts::Accounts,
    cookies::SessionCookie,
    core::Core,
    cors::OtherOrigins,
    data_dir,
    devices::Devices,
    greeting::Greeting,
    ids::Ids,
    keys,
    layers::Layers,
    listen::Listening,
    login_limits::LoginLimits,
    password_rules::PasswordRules,
    passwords::Passwords,
    readiness::Readiness,
    refresh_tokens::RefreshTokens,
    retention::Retention,
    routes,
    run_error::RunError,
    schema,
    sessions::Sessions,
    settings::{BadSetting, DatabaseUrl, GENERAL, PublicUrl, Settings},
    state::{AppState, Shared},
    sweeper::Sweeper,
};

/// Serves until told to stop by SIGTERM or SIGINT; then every request that was accepted is answered.
///
/// # Errors
/// [`RunError`]: why it did not start.
pub(crate) async fn serve(settings: Settings) -> Result<(), RunError> {
    let house = House::open(settings, Arc::new(SystemClock::new())).await?;
    #[cfg(feature = "tls")]
    let tls = match &house.settings.tls {
        Some(files) => Some(crate::tls::acceptor(files).await?),
        None => None,
    };
    let listener = TcpListener::bind(house.settings.listen).await.map_err(|error| {
        BadSetting::new(
            "COUNTERSIGN_LISTEN",
            format!("is {}, where nothing can listen: {error}", house.settings.listen),
        )
    })?;
    let address = listener.local_addr().map_err(RunError::Serve)?;
    let https = house.settings.tls.is_some();
    let public_url = house.settings.public_url.clone().unwrap_or_else(|| PublicUrl::of(address, https));
    let metrics = PrometheusBuilder::new().install_recorder().ok();
    let app = house.app(&public_url, metrics.clone())?;
    let sweeper = tokio::spawn(house.sweeper()?.run(metrics));

    let listening = Listening::new(listener.into_std().map_err(RunError::Serve)?, HEADERS, GRACE);
    // Listened for before anybody is told that there is a server.
    let (mut terminate, mut interrupt) = (stop_signal(SignalKind::terminate())?, stop_signal(SignalKind::interrupt())?);
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("asked to stop; answering what was accepted");
    };
    Greeting { address, https, public_url: &public_url, new_key_file: house.new_key_file.as_deref() }
        .say(&mut io::stdout())
        .map_err(RunError::Serve)?;
    #[cfg(feature = "tls")]
    let served = match tls {
        Some(acceptor) => listening.serve_tls(app, acceptor, stop).await,
        None => listening.serve(app, stop).await,
    };
    #[cfg(not(feature = "tls"))]
    let served = listening.serve(app, stop).await;
    served.map_err(RunError::Serve)?;
    sweeper.abort();
    house.database.close().await;
    Ok(())
}

/// How long a client may take to send the headers of a request.
const HEADERS: Duration = Duration::from_secs(10);
/// How long accepted requests may take once the server was asked to stop.
const GRACE: Duration = Duration::from_secs(25);

/// All that the routes need, opened and checked.
pub(crate) struct House {
    pub(crate) settings: Settings,
    pub(crate) database: Database,
    pub(crate) vault: Arc<Vault>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) randomness: Arc<dyn Randomness>,
    limiter: Arc<dyn RateLimiter>,
    pub(crate) new_key_file: Option<std::path::PathBuf>,
}

impl House {
    /// Opens the data folder, the database and the key ring, and makes what is not there yet.
    pub(crate) async fn open(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, RunError> {
        let randomness: Arc<dyn Randomness> = Arc::new(SystemRandom);
        data_dir::make(&settings.data_dir)
            .map_err(|source| RunError::file("COUNTERSIGN_DATA_DIR", &settings.data_dir, source))?;
        let database = match &settings.database {
            DatabaseUrl::Sqlite(path) => Database::open_sqlite(path, SqliteOptions::default()).await?,
            #[cfg(feature = "postgres")]
            DatabaseUrl::Postgres(url) => {
                Database::open_postgres(url.expose_str(), countersign_sqlx::PostgresOptions::default()).await?
            }
        };
        SqlStore::migrate(&database).await?;
        database.migrate(schema::OWNER, schema::MIGRATIONS).await?;
        let now = clock.now().ok_or(RunError::Clock)?;
        let opened = keys::open(&settings.keys, &database, &*randomness, now).await?;
        let vault = Arc::new(Vault::new(opened.ring));
        let limiter = limiter(&settings, &database, &clock).await?;
        Ok(Self { settings, database, vault, clock, randomness, limiter, new_key_file: opened.made })
    }

    pub(crate) fn sessions(&self) -> Sessions {
        Sessions::new(self.database.clone(), Arc::clone(&self.vault))
    }

    fn devices(&self) -> Devices {
        Devices::new(self.database.clone(), Arc::clone(&self.vault), self.ids(), Arc::clone(&self.randomness))
    }

    pub(crate) fn ids(&self) -> Ids {
        Ids::new(Arc::clone(&self.clock), Arc::clone(&self.randomness))
    }

    /// What deletes what no longer holds.
    pub(crate) fn sweeper(&self) -> Result<Sweeper, RunError> {
        Ok(Sweeper {
            sessions: self.sessions(),
            devices: self.devices(),
            limiter: SqlLimiter::new(self.database.clone(), Arc::clone(&self.clock)),
            retention: Retention::new(self.engine()?, SqlStore::new(self.database.clone())),
            audit_retention: self.settings.audit_retention,
            clock: Arc::clone(&self.clock),
        })
    }

    /// The whole application.
    pub(crate) fn app(&self, public_url: &PublicUrl, metrics: Option<PrometheusHandle>) -> Result<Router, RunError> {
        let (database, vault) = (self.database.clone(), Arc::clone(&self.vault));
        let engine_kind = database.engine();
        let ids = self.ids();
        let engine = self.engine()?;
        let limiter = &self.limiter;
        let core = Arc::new(Core {
            accounts: Accounts::new(database.clone()),
            sessions: self.sessions(),
            refresh_tokens: RefreshTokens::new(database.clone(), Arc::clone(&vault)),
            devices: self.devices(),
            access_tokens: AccessTokens::new(Arc::clone(&vault), public_url.as_str()),
            passwords: Passwords::new(engine.hash_pool().clone(), Arc::clone(&self.randomness)),
            login_limits: LoginLimits::new(Arc::clone(limiter), Arc::clone(&vault), self.settings.login_limit),
            ids: ids.clone(),
            cookie: SessionCookie::new(public_url.is_https()),
            vault,
            engine: engine.clone(),
        });
        let handle = Handle::new(engine, Arc::clone(&core) as Arc<dyn countersign_axum::Host>, Arc::clone(&self.clock))
            .secure_cookies(public_url.is_https());
        let readiness = Readiness {
            limiter: self.settings.redis.is_some().then(|| Arc::clone(limiter)),
            database: SqlLimiter::new(database, Arc::clone(&self.clock)),
        };
        let tiers = &self.settings.limits;
        let route_limits = (!tiers.is_empty()).then(|| {
            RouteLimits::new(handle.clone(), Arc::clone(limiter), tiers.clone())
                .addresses(self.settings.general_limit.is_some())
        });
        let state = AppState::new(Shared { core, handle, password_rules: PasswordRules::new(), readiness, metrics });
        let in_memory: Arc<dyn RateLimiter> = Arc::new(MemoryLimiter::new(Arc::clone(&self.clock)));
        let by_address = match (engine_kind, &self.settings.redis) {
            // One process: what it counts by address, it counts in memory, not with a write for each request.
            (Engine::Sqlite, None) => Arc::clone(&in_memory),
            _ => Arc::clone(limiter),
        };
        let layers = Layers {
            public_url: public_url.clone(),
            other_origins: OtherOrigins::new(&self.settings.cors_origins, public_url),
            trusted_proxies: self.settings.trusted_proxies.clone(),
            general_limit: self
                .settings
                .general_limit
                .map(|quota| AddressLimit::new(by_address, GENERAL, quota).apart(routes::STANDING, in_memory)),
            route_limits,
            ids,
            clock: Arc::clone(&self.clock),
        };
        Ok(layers.around(routes::router(state)))
    }

    pub(crate) fn engine(&self) -> Result<TwoFactor, RunError> {
        let limit = self.settings.two_factor_limit;
        let policy = Policy::builder()
            .required(self.settings.require_2fa)
            .digits(if self.settings.eight_digits { Digits::EIGHT } else { Digits::SIX })
            .answers(Allowance { limit: limit.limit(), window: limit.window() })
            .build()?;
        let engine = TwoFactor::builder()
            .store(Arc::new(SqlStore::new(self.database.clone())))
            .vault(Arc::clone(&self.vault))
            .clock(Arc::clone(&self.clock))
            .randomness(Arc::clone(&self.randomness))
            .policy(policy)
            .issuer("Countersign")
            .hash_pool(HashPool::default())
            .build()?;
        Ok(engine)
    }
}

/// Where tries are counted: once for all instances, and past a restart.
async fn limiter(
    settings: &Settings,
    database: &Database,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn RateLimiter>, RunError> {
    #[cfg(feature = "redis")]
    if let Some(url) = &settings.redis {
        let limiter = countersign_redis::RedisLimiter::connect(url.expose_str()).await;
        return Ok(Arc::new(limiter.map_err(|error| RunError::Redis(Box::new(error)))?));
    }
    #[cfg(not(feature = "redis"))]
    let _ = settings;
    Ok(Arc::new(SqlLimiter::new(database.clone(), Arc::clone(clock))))
}

fn stop_signal(kind: SignalKind) -> Result<Signal, RunError> {
    signal(kind).map_err(RunError::Serve)
}
