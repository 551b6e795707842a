//! Tweets that were read lately, in memory: once for all in whose timelines they are.

use std::time::{Duration, Instant};

use lru::LruCache;
use miniter_domain::TimelineEntry;

/// How many bytes are kept: the tweets that were read longest ago go first.
const CAPACITY: usize = 24 << 20;

/// What a tweet takes beside its text, in bytes.
const OVERHEAD: usize = 144;

/// Tweets by their ids.
pub(super) struct Texts {
    tweets: LruCache<i64, (TimelineEntry, Instant)>,
    bytes: usize,
    /// How long after it was read from the database a tweet may be used.
    max_age: Option<Duration>,
}

impl Texts {
    pub(super) fn new(max_age: Option<Duration>) -> Self {
        Self { tweets: LruCache::unbounded(), bytes: 0, max_age }
    }

    /// The tweets with these ids, if all of them are here.
    pub(super) fn find_all(&mut self, ids: &[i64]) -> Option<Vec<TimelineEntry>> {
        let oldest = self.oldest();
        ids.iter().map(|id| self.find(*id, oldest)).collect()
    }

    /// The tweets with these ids that are here, and the ids of the others.
    pub(super) fn find_some(&mut self, ids: &[i64]) -> (Vec<TimelineEntry>, Vec<i64>) {
        let oldest = self.oldest();
        let (mut found, mut missing) = (Vec::with_capacity(ids.len()), Vec::new());
        for id in ids {
            match self.find(*id, oldest) {
                Some(entry) => found.push(entry),
                None => missing.push(*id),
            }
        }
        (found, missing)
    }

    fn find(&mut self, id: i64, oldest: Option<Instant>) -> Option<TimelineEntry> {
        let (tweet, kept) = self.tweets.get(&id)?;
        oldest.is_none_or(|oldest| *kept >= oldest).then(|| tweet.clone())
    }

    fn oldest(&self) -> Option<Instant> {
        self.max_age.and_then(|max_age| Instant::now().checked_sub(max_age))
    }

    /// Keeps a tweet as it was read from the database just now.
    pub(super) fn keep(&mut self, tweet: TimelineEntry) {
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

    /// Takes a tweet out that was deleted.
    pub(super) fn remove(&mut self, id: i64) {
        if let Some((removed, _)) = self.tweets.pop(&id) {
            self.bytes -= bytes(&removed);
        }
    }

    pub(super) fn clear(&mut self) {
        self.tweets.clear();
        self.bytes = 0;
    }
}

fn bytes(tweet: &TimelineEntry) -> usize {
    OVERHEAD + tweet.text.len()
}
