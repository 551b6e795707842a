//! Published statuses, as everything that shows one reads them.

use chrono::{DateTime, Utc};

use crate::{TweetId, UserId};

/// A published status: a tweet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Its number; the cursor of an entry in a timeline.
    pub id: TweetId,
    /// The user who wrote it.
    pub author: UserId,
    /// What it says.
    pub text: String,
    /// When it was published.
    pub created_at: DateTime<Utc>,
}
