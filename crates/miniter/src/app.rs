//! The application: built from settings, then run. The end-to-end tests use the same two steps.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use actix_server::{Server, ServerBuilder};
use actix_web::web;
use anyhow::{Context, anyhow, bail};
use miniter_domain::{Clock, SystemClock, UserRepository};
use miniter_persistence::{Store, StoreOptions};
use miniter_service::{
    AccessTokens, Accounts, Applications, Authorizations, BrowserSessions, Follows, InstanceStatistics,
    LoginThrottle, NotificationSources, Notifications, Passwords, Profiles, Publishing, Reactions,
    Registration, Relationships, Sessions, StatusReading, StatusSources, StatusViews, Statuses, Timelines,
    Tokens, Tweets,
};
use miniter_web::{
    Bulkheads, Connections, InstanceSettings, Limits, Policy, PublicUrl, Quotas, Services, Serving, State,
    TrustedProxies,
};

use crate::settings::{Settings, Switch};
use crate::signals::stop_signal;
use crate::{open_files, secret};

/// Maximum number of connections to a separate address for metrics. Its clients are few.
const METRICS_CONNECTIONS: usize = 64;

/// A server that is bound to its addresses. [`Application::server`] serves until SIGINT, SIGTERM or SIGQUIT.
pub struct Application {
    /// The addresses of the API.
    pub addresses: Vec<SocketAddr>,
    /// The separate addresses of the metrics, if there are any.
    pub metrics_addresses: Vec<SocketAddr>,
    /// The server, to be awaited.
    pub server: Server,
}

/// Opens the database, wires the application and listens. The caller must be inside an actix system.
///
/// # Errors
/// With a sentence for the operator, which names the setting and the remedy.
pub fn build(settings: &Settings) -> anyhow::Result<Application> {
    // First the database, which may have to be migrated: a client that connects meanwhile would wait.
    let store = open_store(settings)?;
    if store.is_empty().context("cannot read the database")? {
        log::info!("{}", first_account(settings.registration));
    }
    let listeners = miniter_web::bind(&settings.bind).with_context(|| {
        format!("cannot listen on {}; set MINITER_BIND to a free address of this machine", settings.bind)
    })?;
    let state = web::Data::new(wire(settings, store, instance(settings, &listeners)?)?);
    let metrics = settings.metrics_bind.as_deref().filter(|address| !address.is_empty());
    let metrics = metrics.map(|address| serve_metrics(address, &state)).transpose()?;
    let serving = if metrics.is_some() { Serving::EverythingButMetrics } else { Serving::Everything };
    let stop = stop_signal(state.clone(), Duration::from_secs(settings.drain_delay.into()))?;
    let connections = state.connections();
    let server = miniter_web::server(cores(), &connections, &state)
        .shutdown_timeout(settings.shutdown_timeout.into())
        .shutdown_signal(stop);
    let (addresses, server) = listen(server, listeners, &connections, &state, serving)?;
    let metrics_addresses = metrics.iter().flat_map(|(addresses, _)| addresses.clone()).collect();
    if let Some((_, metrics)) = metrics {
        // It ends with the process.
        actix_web::rt::spawn(metrics);
    }
    Ok(Application { addresses, metrics_addresses, server })
}

fn serve_metrics(address: &str, state: &web::Data<State>) -> anyhow::Result<(Vec<SocketAddr>, Server)> {
    let connections = Arc::new(Connections::new(METRICS_CONNECTIONS, false, TrustedProxies::default())?);
    let server = miniter_web::server(1, &connections, state).disable_signals();
    let listeners = miniter_web::bind(address).with_context(|| {
        format!("cannot listen on {address}; set MINITER_METRICS_BIND to a free address of this machine")
    })?;
    Ok(listen(server, listeners, &connections, state, Serving::MetricsAlone)?)
}

/// Starts a server. Returns the addresses on which it listens, and the server.
fn listen(
    mut server: ServerBuilder,
    listeners: Vec<TcpListener>,
    connections: &Arc<Connections>,
    state: &web::Data<State>,
    serving: Serving,
) -> io::Result<(Vec<SocketAddr>, Server)> {
    let mut addresses = Vec::new();
    for listener in listeners {
        addresses.push(listener.local_addr()?);
        server = miniter_web::listen(server, listener, Arc::clone(connections), state.clone(), serving)?;
    }
    Ok((addresses, server.run()))
}

/// Opens the database and runs its pending migrations.
///
/// # Errors
/// With a sentence for the operator, which names the remedy.
pub fn open_store(settings: &Settings) -> anyhow::Result<Arc<Store>> {
    let options =
        StoreOptions { connections: settings.database_connections, foreign_writes: settings.foreign_writes };
    let report = &mut |line: &str| log::info!("{line}");
    Ok(Arc::new(Store::open(&settings.database_url, options, report)?))
}

/// Starts `hashers` threads for password hashing.
///
/// # Errors
/// If a thread cannot be started.
pub fn open_passwords(hashers: usize) -> anyhow::Result<Passwords> {
    Passwords::new(hashers).map_err(|error| anyhow!(error)).context("cannot set up password hashing")
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// What clients are told of this server.
fn instance(settings: &Settings, listeners: &[TcpListener]) -> anyhow::Result<InstanceSettings> {
    let public_url = match (&settings.public_url, listeners) {
        (Some(public_url), _) => public_url.clone(),
        (None, [first, ..]) => PublicUrl::of_address(first.local_addr()?),
        (None, []) => bail!("{} is no address", settings.bind),
    };
    Ok(InstanceSettings {
        public_url,
        title: settings.title.clone(),
        description: settings.description.clone(),
        contact: settings.contact.clone(),
        registration: settings.registration,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

/// What a person does about a server without accounts.
fn first_account(registration: Registration) -> &'static str {
    match registration {
        Registration::Open => {
            "there is no account yet: sign up with an app or by POST /sign-up, or run `miniter user create NAME --email ADDRESS`"
        }
        Registration::Closed => {
            "there is no account yet, and registration is closed: run `miniter user create NAME --email ADDRESS`"
        }
    }
}

fn wire(settings: &Settings, store: Arc<Store>, instance: InstanceSettings) -> anyhow::Result<State> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    // After the database: the secret is a file in its folder.
    let (secret, previous) = secret::token_secrets(settings)?;
    let tokens = Arc::new(Tokens::new(&secret, &previous, settings.token_lifetime(), Arc::clone(&clock)));
    let cores = cores();
    let passwords = open_passwords(cores)?;
    let failure_quota = match settings.rate_limits {
        Switch::On => Some(settings.log_in_failure_limit),
        Switch::Off => None,
    };
    let throttle = LoginThrottle::new(store.clone(), store.clone(), failure_quota, Arc::clone(&clock));
    let bulkheads = Bulkheads::new(&store.capacity(), cores)?;
    let host = instance.public_url.host().to_owned();
    let publishing = Arc::new(Publishing::new(store.clone(), store.clone(), host));
    let services = Services {
        accounts: Arc::new(Accounts::new(
            store.clone(),
            passwords,
            throttle,
            Arc::clone(&tokens),
            Arc::clone(&clock),
            settings.registration,
        )),
        tweets: Arc::new(Tweets::new(Arc::clone(&publishing), Arc::clone(&clock))),
        statuses: Arc::new(Statuses::new(publishing, store.clone(), Arc::clone(&clock))),
        reactions: Arc::new(Reactions::new(store.clone(), store.clone(), store.clone(), Arc::clone(&clock))),
        notifications: Arc::new(Notifications::new(
            NotificationSources {
                notifications: store.clone(),
                markers: store.clone(),
                statuses: store.clone(),
                circles: store.clone(),
                accounts: store.clone(),
            },
            StatusViews::new(store.clone(), store.clone(), store.clone()),
            Arc::clone(&clock),
        )),
        follows: Arc::new(Follows::new(store.clone(), store.clone(), Arc::clone(&clock))),
        profiles: Arc::new(Profiles::new(store.clone(), store.clone(), Arc::clone(&clock))),
        relationships: Arc::new(Relationships::new(store.clone(), store.clone(), Arc::clone(&clock))),
        timelines: Arc::new(Timelines::new(store.clone(), Arc::clone(&clock), settings.timeline_limit.get())),
        status_reading: Arc::new(StatusReading::new(
            StatusSources {
                statuses: store.clone(),
                timelines: store.clone(),
                circles: store.clone(),
                threads: store.clone(),
                accounts: store.clone(),
                reactions: store.clone(),
                freshness: store.clone(),
            },
            StatusViews::new(store.clone(), store.clone(), store.clone()),
            Arc::clone(&clock),
        )),
        sessions: Arc::new(Sessions::new(tokens, store.clone(), store.clone())),
        applications: Arc::new(Applications::new(store.clone(), Arc::clone(&clock))),
        authorizations: Arc::new(Authorizations::new(store.clone(), store.clone(), Arc::clone(&clock))),
        access_tokens: Arc::new(AccessTokens::new(
            store.clone(),
            store.clone(),
            store.clone(),
            Arc::clone(&clock),
        )),
        browser_sessions: Arc::new(BrowserSessions::new(&secret, &previous, Arc::clone(&clock))),
        statistics: Arc::new(InstanceStatistics::new(store.clone(), Arc::clone(&clock))),
        freshness: store.clone(),
        health: store,
    };
    let limits = match settings.rate_limits {
        Switch::On => Limits::new(
            Quotas {
                log_in: settings.log_in_limit,
                sign_up: settings.sign_up_limit,
                write: settings.write_limit,
                read: settings.read_limit,
            },
            &clock,
        ),
        Switch::Off => Limits::off(),
    };
    let trusted_proxies = settings.trusted_proxies.clone();
    let connections = Arc::new(Connections::new(
        open_files::connections_within_limit(settings.max_connections).into(),
        settings.rate_limits == Switch::On,
        trusted_proxies.clone(),
    )?);
    let cors_origins = settings.cors_origins.clone();
    let policy = Policy { bulkheads, limits, connections, trusted_proxies, cors_origins };
    Ok(State::new(services, policy, instance)?)
}
