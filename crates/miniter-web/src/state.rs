//! What the handlers work with.

use std::sync::Arc;

use miniter_domain::Health;
use miniter_service::{Accounts, Follows, Sessions, Timelines, Tweets};

use crate::http::address::TrustedProxies;
use crate::http::cors::CorsOrigins;
use crate::http::lane::Lanes;
use crate::http::limits::Limits;
use crate::http::metrics::Metrics;
use crate::operations::Readiness;

/// The use cases, shared by all workers.
#[derive(Clone)]
pub struct Services {
    /// Signing up, logging in and changing a password.
    pub accounts: Arc<Accounts>,
    /// Writing tweets.
    pub tweets: Arc<Tweets>,
    /// Following and unfollowing.
    pub follows: Arc<Follows>,
    /// Reading timelines.
    pub timelines: Arc<Timelines>,
    /// Knowing people by their tokens.
    pub sessions: Arc<Sessions>,
    /// How the database is.
    pub health: Arc<dyn Health>,
}

/// How the server treats those who call.
pub struct Policy {
    /// How many use cases run at once.
    pub lanes: Lanes,
    /// How often one may call.
    pub limits: Limits,
    /// Whose word is taken on where a request comes from.
    pub trusted_proxies: TrustedProxies,
    /// Who may call from a browser.
    pub cors_origins: CorsOrigins,
}

/// Everything that a request may need, shared by all workers.
pub struct State {
    pub(crate) services: Services,
    pub(crate) lanes: Lanes,
    pub(crate) limits: Limits,
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) cors_origins: CorsOrigins,
    pub(crate) metrics: Metrics,
    pub(crate) readiness: Readiness,
}

impl State {
    /// Puts it together. `version` is that of the program.
    ///
    /// # Errors
    /// If the metrics cannot be set up, which no input causes.
    pub fn new(services: Services, policy: Policy, version: &str) -> Result<Self, prometheus::Error> {
        let Policy { lanes, limits, trusted_proxies, cors_origins } = policy;
        let metrics = Metrics::new(version, &lanes)?;
        let readiness = Readiness::default();
        Ok(Self { services, lanes, limits, trusted_proxies, cors_origins, metrics, readiness })
    }

    /// Says that the server is about to stop: `/readyz` answers 503 from now on, and every answer ends its connection.
    pub fn drain(&self) {
        self.readiness.drain();
    }
}
