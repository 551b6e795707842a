//! Tweets that were read lately, in memory: once for all in whose timelines they are.

use std::time::{Duration, Instant};

use lru::LruCache;
use miniter_domain::TimelineEntry;

/// How many bytes are kept: what nobody has read for longest goes first.
const CAPACITY: usize = 24 << 20;

/// What a tweet takes beside its text, in bytes.
const OVERHEAD: usize = 144;

/// Tweets by their ids.
pub(crate) struct RecentTweets {
    tweets: LruCache<i64, (TimelineEntry, Instant)>,
    bytes: usize,
    /// How long after it was read from the database a tweet may be used.
    max_age: Option<Duration>,
}

impl RecentTweets {
    pub(crate) fn new(max_age: Option<Duration>) -> Self {
        Self { tweets: LruCache::unbounded(), bytes: 0, max_age }
    }

    /// The tweets with these ids, if all of them are here.
    pub(crate) fn find_all(&mut self, ids: &[i64]) -> Option<Vec<TimelineEntry>> {
        let now = Instant::now();
        ids.iter()
            .map(|id| {
                let (tweet, kept) = self.tweets.get(id)?;
                let is_fresh = self.max_age.is_none_or(|max_age| now.duration_since(*kept) <= max_age);
                is_fresh.then(|| tweet.clone())
            })
            .collect()
    }

    /// Keeps a tweet as it was read from the database just now.
    pub(crate) fn keep(&mut self, tweet: TimelineEntry) {
        self.bytes += bytes(&tweet);
        if let Some((replaced, _)) = self.tweets.put(tweet.tweet_id.get(), (tweet, Instant::now())) {
            self.bytes -= bytes(&replaced);
        }
        while self.bytes > CAPACITY
            && let Some((_, (dropped, _))) = self.tweets.pop_lru()
        {
            self.bytes -= bytes(&dropped);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.tweets.clear();
        self.bytes = 0;
    }
}

fn bytes(tweet: &TimelineEntry) -> usize {
    OVERHEAD + tweet.text.len()
}
