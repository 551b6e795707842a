//! The application: built from settings, then run. The end-to-end tests use the same two steps.

use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::rt::signal::unix::{SignalKind, signal};
use actix_web::{HttpServer, web};
use anyhow::Context;
use miniter_domain::{
    Clock, FollowRepository, SystemClock, TimelineRepository, TweetRepository, UserRepository,
};
use miniter_persistence::{Store, StoreOptions};
use miniter_service::{Accounts, Follows, Passwords, Timelines, Tokens, Tweets};
use miniter_web::{Lanes, Services, State};

use crate::secret;
use crate::settings::Settings;
use crate::tweet_ids::Snowflakes;

/// How long an idle connection is kept: longer than the minute after which common balancers close theirs, so that it is
/// not we who close one that a balancer is about to use.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// A server that is bound to its addresses. Awaiting [`Application::server`] serves until the process is told to stop
/// (SIGINT, SIGTERM).
pub struct Application {
    /// Where it listens.
    pub addresses: Vec<SocketAddr>,
    /// To be awaited.
    pub server: Server,
}

/// Opens the database, puts everything together and listens. To be called inside an actix system.
///
/// # Errors
/// With a sentence that names the setting and the mend.
pub fn build(settings: &Settings) -> anyhow::Result<Application> {
    let state = web::Data::new(wire(settings)?);
    let server = HttpServer::new(move || miniter_web::app(state.clone()))
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(settings.shutdown_timeout.into())
        .shutdown_signal(stop_signal()?)
        .bind(&settings.bind)
        .with_context(|| {
            format!("cannot listen on {}; set MINITER_BIND to a free address of this machine", settings.bind)
        })?;
    Ok(Application { addresses: server.addrs(), server: server.run() })
}

/// Completes when the process is told to stop. Either signal lets what has been begun finish; actix's own handler would
/// cut it off at SIGINT.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    Ok(std::future::poll_fn(move |context| {
        if interrupt.poll_recv(context).is_ready() || terminate.poll_recv(context).is_ready() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }))
}

fn wire(settings: &Settings) -> anyhow::Result<State> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let tweet_ids = Arc::new(Snowflakes::new(Arc::clone(&clock)));
    let options = StoreOptions { connections: settings.database_connections };
    let store =
        Arc::new(Store::open(&settings.database_url, options, tweet_ids, &mut |line| log::info!("{line}"))?);
    // After the database, whose folder the secret goes into.
    let (secret, previous) = secret::token_secrets(settings)?;

    let users: Arc<dyn UserRepository> = store.clone();
    let tweets: Arc<dyn TweetRepository> = store.clone();
    let follows: Arc<dyn FollowRepository> = store.clone();
    let timelines: Arc<dyn TimelineRepository> = store;

    let tokens = Arc::new(Tokens::new(&secret, &previous, settings.token_lifetime(), Arc::clone(&clock)));
    let passwords = Passwords::new().context("cannot set up password hashing")?;
    let services = Services {
        accounts: Arc::new(Accounts::new(
            Arc::clone(&users),
            passwords,
            Arc::clone(&tokens),
            Arc::clone(&clock),
        )),
        tweets: Arc::new(Tweets::new(tweets, clock)),
        follows: Arc::new(Follows::new(follows, users)),
        timelines: Arc::new(Timelines::new(timelines, settings.timeline_limit.get())),
        tokens,
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let connections = settings.database_connections as usize;
    let lanes = if settings.database_url.sqlite_path().is_some() {
        Lanes::beside_one_writer(connections, cores)
    } else {
        Lanes::of_a_pool(connections, cores)
    };
    Ok(State { services, lanes, cors_origins: settings.cors_origins.clone() })
}
