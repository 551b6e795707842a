//! What the handlers work with.

use std::sync::Arc;

use actix_web::{HttpRequest, web};
use miniter_domain::{Freshness, Health};
use miniter_service::{
    AccessTokens, Accounts, Applications, Authorizations, BrowserSessions, Contents, Follows,
    InstanceStatistics, Notifications, Profiles, Reactions, Relationships, Sessions, StatusReading, Statuses,
    Timelines, Tweets,
};

use crate::http::address::TrustedProxies;
use crate::http::bulkhead::Bulkheads;
use crate::http::connections::Connections;
use crate::http::cors::CorsOrigins;
use crate::http::instance::InstanceSettings;
use crate::http::limits::Limits;
use crate::http::metrics::Metrics;
use crate::http::readiness::Readiness;

/// The use cases, shared by all workers.
#[derive(Clone)]
pub struct Services {
    /// Signing up, logging in and changing a password.
    pub accounts: Arc<Accounts>,
    /// Writing tweets.
    pub tweets: Arc<Tweets>,
    /// Writing statuses.
    pub statuses: Arc<Statuses>,
    /// Favourites, bookmarks, pins, and mutes of threads.
    pub reactions: Arc<Reactions>,
    /// Notifications and markers.
    pub notifications: Arc<Notifications>,
    /// Following and unfollowing.
    pub follows: Arc<Follows>,
    /// Reading and changing profiles.
    pub profiles: Arc<Profiles>,
    /// Blocking, muting, and listing who follows whom.
    pub relationships: Arc<Relationships>,
    /// Reading timelines.
    pub timelines: Arc<Timelines>,
    /// Reading statuses.
    pub status_reading: Arc<StatusReading>,
    /// Knowing people by their tokens.
    pub sessions: Arc<Sessions>,
    /// Registering applications.
    pub applications: Arc<Applications>,
    /// Asking people whether an application may use their accounts.
    pub authorizations: Arc<Authorizations>,
    /// Giving tokens to applications.
    pub access_tokens: Arc<AccessTokens>,
    /// Knowing people in a browser while they are asked.
    pub browser_sessions: Arc<BrowserSessions>,
    /// Counting what there is.
    pub statistics: Arc<InstanceStatistics>,
    /// Whether what is in memory is as the database has it.
    pub freshness: Arc<dyn Freshness>,
    /// How the database is.
    pub health: Arc<dyn Health>,
}

/// How the server treats those who call.
pub struct Policy {
    /// How many use cases run at once.
    pub bulkheads: Bulkheads,
    /// How often one may call.
    pub limits: Limits,
    /// How many connections there may be.
    pub connections: Arc<Connections>,
    /// Whose word is taken on where a request comes from.
    pub trusted_proxies: TrustedProxies,
    /// Who may call from a browser.
    pub cors_origins: CorsOrigins,
}

/// Everything that a request may need, shared by all workers.
pub struct State {
    pub(crate) services: Services,
    pub(crate) instance: InstanceSettings,
    pub(crate) bulkheads: Bulkheads,
    pub(crate) limits: Limits,
    connections: Arc<Connections>,
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) cors_origins: CorsOrigins,
    pub(crate) metrics: Metrics,
    pub(crate) readiness: Readiness,
    /// The HTML of statuses that were shown lately.
    pub(crate) contents: Contents,
}

impl State {
    /// Puts it together.
    ///
    /// # Errors
    /// If the metrics cannot be set up, which no input causes.
    pub fn new(
        services: Services,
        policy: Policy,
        instance: InstanceSettings,
    ) -> Result<Self, prometheus::Error> {
        let Policy { bulkheads, limits, connections, trusted_proxies, cors_origins } = policy;
        let metrics = Metrics::new(&instance.version, &bulkheads, &connections)?;
        let readiness = Readiness::default();
        Ok(Self {
            services,
            instance,
            bulkheads,
            limits,
            connections,
            trusted_proxies,
            cors_origins,
            metrics,
            readiness,
            contents: Contents::default(),
        })
    }

    /// The connections to where people are served.
    #[must_use]
    pub fn connections(&self) -> Arc<Connections> {
        Arc::clone(&self.connections)
    }

    /// Says that the server is about to stop: `/readyz` answers 503 from now on, and every answer ends its connection.
    pub fn drain(&self) {
        self.readiness.drain();
    }
}

/// The state that all handlers share.
pub(crate) fn state_of(request: &HttpRequest) -> Option<&web::Data<State>> {
    request.app_data()
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use miniter_domain::{
        Capacity, MockAccessTokenRepository, MockAccountRepository, MockApplicationRepository,
        MockAuthorizationCodeRepository, MockCircleRepository, MockFollowRepository, MockFreshness,
        MockHealth, MockInteractionRepository, MockKnownAddressRepository, MockLoginThrottleRepository,
        MockMarkerRepository, MockNotificationRepository, MockReactionRepository, MockRelationshipRepository,
        MockSessionRepository, MockStatisticsRepository, MockStatusRepository, MockThreadRepository,
        MockTimelineRepository, MockUserRepository, SystemClock,
    };
    use miniter_service::{
        LoginThrottle, NotificationSources, Passwords, Publishing, Registration, StatusSources, StatusViews,
        TokenSecret, Tokens,
    };

    use super::*;

    const CAPACITY: Capacity = Capacity {
        reads: 1,
        writes: 1,
        abandoned: 1,
        queue_timeout: Duration::from_secs(5),
        use_case_timeout: Duration::from_secs(5),
        freshness_timeout: Duration::from_secs(5),
    };

    /// A state over repositories that panic at any call.
    #[expect(clippy::too_many_lines, reason = "a line for each repository")]
    pub(crate) fn state() -> State {
        let clock = Arc::new(SystemClock);
        let secret = TokenSecret::new([1; 32]).unwrap();
        let tokens = Arc::new(Tokens::new(&secret, &[], Duration::from_mins(1), clock.clone()));
        let users = Arc::new(MockUserRepository::new());
        let throttle = LoginThrottle::new(
            Arc::new(MockLoginThrottleRepository::new()),
            Arc::new(MockKnownAddressRepository::new()),
            None,
            clock.clone(),
        );
        let passwords = Passwords::new(1).unwrap();
        let publishing = Arc::new(Publishing::new(
            Arc::new(MockStatusRepository::new()),
            Arc::new(MockAccountRepository::new()),
            "example.com".into(),
        ));
        let services = Services {
            accounts: Arc::new(Accounts::new(
                users.clone(),
                passwords,
                throttle,
                Arc::clone(&tokens),
                clock.clone(),
                Registration::Open,
            )),
            applications: Arc::new(Applications::new(
                Arc::new(MockApplicationRepository::new()),
                clock.clone(),
            )),
            authorizations: Arc::new(Authorizations::new(
                Arc::new(MockApplicationRepository::new()),
                Arc::new(MockAuthorizationCodeRepository::new()),
                clock.clone(),
            )),
            access_tokens: Arc::new(AccessTokens::new(
                Arc::new(MockApplicationRepository::new()),
                Arc::new(MockAuthorizationCodeRepository::new()),
                Arc::new(MockAccessTokenRepository::new()),
                clock.clone(),
            )),
            browser_sessions: Arc::new(BrowserSessions::new(&secret, &[], clock.clone())),
            statistics: Arc::new(InstanceStatistics::new(
                Arc::new(MockStatisticsRepository::new()),
                clock.clone(),
            )),
            tweets: Arc::new(Tweets::new(Arc::clone(&publishing), clock.clone())),
            statuses: Arc::new(Statuses::new(
                publishing,
                Arc::new(MockCircleRepository::new()),
                clock.clone(),
            )),
            reactions: Arc::new(Reactions::new(
                Arc::new(MockReactionRepository::new()),
                Arc::new(MockStatusRepository::new()),
                Arc::new(MockCircleRepository::new()),
                clock.clone(),
            )),
            notifications: Arc::new(Notifications::new(
                NotificationSources {
                    notifications: Arc::new(MockNotificationRepository::new()),
                    markers: Arc::new(MockMarkerRepository::new()),
                    statuses: Arc::new(MockStatusRepository::new()),
                    circles: Arc::new(MockCircleRepository::new()),
                    accounts: Arc::new(MockAccountRepository::new()),
                },
                StatusViews::new(
                    Arc::new(MockAccountRepository::new()),
                    Arc::new(MockInteractionRepository::new()),
                    Arc::new(MockApplicationRepository::new()),
                ),
                clock.clone(),
            )),
            follows: Arc::new(Follows::new(Arc::new(MockFollowRepository::new()), users, clock.clone())),
            profiles: Arc::new(Profiles::new(
                Arc::new(MockAccountRepository::new()),
                Arc::new(MockRelationshipRepository::new()),
                clock.clone(),
            )),
            relationships: Arc::new(Relationships::new(
                Arc::new(MockRelationshipRepository::new()),
                Arc::new(MockAccountRepository::new()),
                clock.clone(),
            )),
            timelines: Arc::new(Timelines::new(
                Arc::new(MockTimelineRepository::new()),
                Arc::new(SystemClock),
                1_000,
            )),
            status_reading: Arc::new(StatusReading::new(
                StatusSources {
                    statuses: Arc::new(MockStatusRepository::new()),
                    timelines: Arc::new(MockTimelineRepository::new()),
                    circles: Arc::new(MockCircleRepository::new()),
                    threads: Arc::new(MockThreadRepository::new()),
                    accounts: Arc::new(MockAccountRepository::new()),
                    reactions: Arc::new(MockReactionRepository::new()),
                    freshness: Arc::new(MockFreshness::new()),
                },
                StatusViews::new(
                    Arc::new(MockAccountRepository::new()),
                    Arc::new(MockInteractionRepository::new()),
                    Arc::new(MockApplicationRepository::new()),
                ),
                Arc::new(SystemClock),
            )),
            sessions: Arc::new(Sessions::new(
                tokens,
                Arc::new(MockSessionRepository::new()),
                Arc::new(MockAccessTokenRepository::new()),
            )),
            freshness: Arc::new(MockFreshness::new()),
            health: Arc::new(MockHealth::new()),
        };
        let policy = Policy {
            bulkheads: Bulkheads::new(&CAPACITY, 1).unwrap(),
            limits: Limits::off(),
            connections: Arc::new(Connections::new(1, false, TrustedProxies::default()).unwrap()),
            trusted_proxies: TrustedProxies::default(),
            cors_origins: CorsOrigins::Any,
        };
        let instance = InstanceSettings {
            public_url: "https://example.com".parse().unwrap(),
            title: "miniter".to_owned(),
            description: String::new(),
            contact: String::new(),
            registration: Registration::Open,
            version: "0.0.0".to_owned(),
        };
        State::new(services, policy, instance).unwrap()
    }
}
