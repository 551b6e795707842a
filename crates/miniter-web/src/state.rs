//! What the handlers work with.

use std::sync::Arc;

use miniter_service::{Accounts, Follows, Timelines, Tokens, Tweets};

use crate::http::cors::CorsOrigins;
use crate::http::lane::Lanes;

/// The use cases, shared by all workers.
#[derive(Clone)]
pub struct Services {
    /// Signing up and logging in.
    pub accounts: Arc<Accounts>,
    /// Writing tweets.
    pub tweets: Arc<Tweets>,
    /// Following and unfollowing.
    pub follows: Arc<Follows>,
    /// Reading timelines.
    pub timelines: Arc<Timelines>,
    /// Checking tokens.
    pub tokens: Arc<Tokens>,
}

/// Everything that a request may need, shared by all workers.
pub struct State {
    /// The use cases.
    pub services: Services,
    /// How many of them run at once.
    pub lanes: Lanes,
    /// Who may call from a browser.
    pub cors_origins: CorsOrigins,
}
