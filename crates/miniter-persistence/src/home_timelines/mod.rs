//! Home timelines, computed when they are read and kept in memory while somebody reads them.
//!
//! The truth is in tweets and follows. A reader's first request fills a window of their newest entries from a query
//! ([`query`]); from then on the events of the change feed keep it up to date. Nothing is stored for each follower, so a tweet
//! costs the same with ten followers and ten million.

mod cache;
#[cfg(feature = "mysql")]
mod mysql;
mod query;
mod sqlite;
mod texts;
mod window;

use miniter_domain::{TimelineEntry, TweetId, UserId};

pub(crate) use cache::HomeTimelines;

/// A row of a page: tweet, author, text.
type Row = (i64, i64, String);

fn entry((id, author, text): Row) -> TimelineEntry {
    TimelineEntry { tweet_id: TweetId::new(id), author: UserId::new(author), text: text.into() }
}
