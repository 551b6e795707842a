//! SQLite's store of home timelines: the newest tweet ids of everyone who has read lately, in memory.
//!
//! Its truth is the query over tweets and follows. A reader's first request fills their timeline from it; from then on
//! the writer appends what is committed, in the order of commits, which there is the order of ids. Who follows or
//! unfollows is forgotten and filled anew at their next request, and so is everybody when another program has written.
//! The tweets themselves are kept beside, once for all who read them, as far as there is room.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lru::LruCache;
use miniter_domain::{PageRequest, TimelineEntry, TimelinePage, TweetId};

/// How many ids are kept in all, 8 bytes each: those of the readers who have been away longest go first.
const IDS: usize = 4_000_000;

/// What a timeline counts beside its ids, in ids: its place in the map, its windows.
const TIMELINE_OVERHEAD: usize = 32;

/// How many bytes of tweets are kept: those that nobody has read for longest go first.
const TWEET_BYTES: usize = 24 << 20;

/// What a tweet takes beside its text, in bytes.
const TWEET_OVERHEAD: usize = 128;

/// The fewest ids that a window is filled with: a few pages of a common client.
const LEAST_DEPTH: usize = 128;

/// How many readers one tweet is appended for before others get a turn at the index.
const TURN: usize = 512;

/// Home timelines by reader.
pub(crate) struct HomeIndex(Mutex<State>);

struct State {
    slots: LruCache<i64, Slot>,
    tweets: LruCache<i64, TimelineEntry>,
    /// What the slots count together.
    ids: usize,
    /// What the tweets take together.
    tweet_bytes: usize,
    /// How many ids and bytes there may be.
    capacity: (usize, usize),
    /// How many fills have begun; numbers them.
    fills: u64,
    /// How often everything was forgotten.
    epoch: u64,
}

enum Slot {
    /// The query runs. What is committed meanwhile may be missing in its answer.
    Filling { number: u64, arrived: Vec<i64> },
    /// Kept up to date by the writer.
    Filled { number: u64, newest: Window, older: Option<Window> },
}

/// A part of a timeline without gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Window {
    /// Ascending.
    ids: VecDeque<i64>,
    /// Every id of the timeline above this one is in it,
    from: i64,
    /// and below this one.
    below: i64,
    /// How many ids it was filled with at most.
    depth: usize,
}

/// The ids of a page, ascending.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FoundPage {
    pub(crate) ids: Vec<i64>,
    pub(crate) has_older: bool,
}

/// What the index knows of a page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// All of it.
    Found(FoundPage),
    /// The page begins below what is known of the timeline, which was filled under this number.
    Older(u64),
    /// Nothing, or not enough of its newest entries.
    Unknown,
}

/// Up to when nothing was forgotten.
#[derive(Debug)]
pub(crate) struct Epoch(u64);

/// A fill that has begun, by one request at a time; forgotten if it is dropped unfinished.
pub(crate) struct Fill<'a> {
    index: &'a HomeIndex,
    reader: i64,
    number: u64,
}

impl HomeIndex {
    pub(crate) fn new() -> Self {
        Self::with_capacity(IDS, TWEET_BYTES)
    }

    fn with_capacity(ids: usize, tweet_bytes: usize) -> Self {
        Self(Mutex::new(State {
            slots: LruCache::unbounded(),
            tweets: LruCache::unbounded(),
            ids: 0,
            tweet_bytes: 0,
            capacity: (ids, tweet_bytes),
            fills: 0,
            epoch: 0,
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is complete before anything can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A page of which everything is in memory.
    pub(crate) fn recall(&self, reader: i64, page: &PageRequest) -> Option<TimelinePage> {
        let mut state = self.state();
        match state.find(reader, page) {
            Lookup::Found(found) => {
                let entries = state.tweets(&found.ids)?;
                Some(TimelinePage { entries, has_older: found.has_older })
            }
            Lookup::Older(_) | Lookup::Unknown => None,
        }
    }

    /// Looks the ids of a page up.
    pub(crate) fn find(&self, reader: i64, page: &PageRequest) -> Lookup {
        self.state().find(reader, page)
    }

    /// The tweets with these ids, if they are all in memory; else what to pass to [`HomeIndex::keep_tweets`].
    pub(crate) fn tweets(&self, ids: &[i64]) -> Result<Vec<TimelineEntry>, Epoch> {
        let mut state = self.state();
        state.tweets(ids).ok_or(Epoch(state.epoch))
    }

    /// Keeps tweets that were asked for since the epoch was named.
    pub(crate) fn keep_tweets(&self, epoch: &Epoch, tweets: &[TimelineEntry]) {
        let mut state = self.state();
        // Else another program has written meanwhile: they may not be so any more.
        if state.epoch == epoch.0 {
            for tweet in tweets {
                state.keep_tweet(tweet.clone());
            }
        }
    }

    /// Begins to fill a timeline: from now on nothing that is committed will be missed. To be called before the query.
    /// `None` if somebody else is at it: were each to begin anew, under many requests nobody would ever end.
    pub(crate) fn begin(&self, reader: i64) -> Option<Fill<'_>> {
        let mut state = self.state();
        if let Some(Slot::Filling { .. }) = state.slots.peek(&reader) {
            return None;
        }
        state.fills += 1;
        let number = state.fills;
        state.put(reader, Slot::Filling { number, arrived: Vec::new() });
        Some(Fill { index: self, reader, number })
    }

    /// Keeps a window below the newest one, in place of another, if the timeline is still the one that was filled under
    /// this number.
    pub(crate) fn keep_older(&self, reader: i64, filled: u64, window: Window) {
        let mut state = self.state();
        let Some(slot) = state.slots.peek_mut(&reader) else { return };
        let before = slot.weight();
        let Slot::Filled { number, older, .. } = slot else { return };
        if *number == filled {
            *older = Some(window);
            let after = slot.weight();
            state.reweigh(before, after);
        }
    }

    /// Appends a tweet that was committed to the timelines of its readers. To be called in the order of commits.
    pub(crate) fn append(&self, tweet: &TimelineEntry, readers: &[i64]) {
        let id = tweet.tweet_id.get();
        let mut has_reader = false;
        for readers in readers.chunks(TURN) {
            let mut state = self.state();
            for reader in readers {
                let Some(slot) = state.slots.peek_mut(reader) else { continue };
                has_reader = true;
                let before = slot.weight();
                match slot {
                    Slot::Filling { arrived, .. } => arrived.push(id),
                    Slot::Filled { newest, .. } => newest.append(id),
                }
                let after = slot.weight();
                state.reweigh(before, after);
            }
        }
        // For those who are about to read it.
        if has_reader {
            self.state().keep_tweet(tweet.clone());
        }
    }

    /// Forgets a reader whose follows have changed.
    pub(crate) fn forget(&self, reader: i64) {
        self.state().remove(reader);
    }

    /// Forgets everybody: another program has written, and nobody knows what.
    pub(crate) fn forget_all(&self) {
        let mut state = self.state();
        state.slots.clear();
        state.tweets.clear();
        state.ids = 0;
        state.tweet_bytes = 0;
        state.epoch += 1;
    }
}

impl State {
    fn find(&mut self, reader: i64, page: &PageRequest) -> Lookup {
        let Some(Slot::Filled { number, newest, older }) = self.slots.get(&reader) else {
            return Lookup::Unknown;
        };
        if let Some(found) = newest.page(page).or_else(|| older.as_ref()?.page(page)) {
            return Lookup::Found(found);
        }
        // Below an id that is committed nothing is added any more.
        match (page.max_id, newest.ids.back()) {
            (Some(below), Some(newest)) if below.get() <= *newest => Lookup::Older(*number),
            _ => Lookup::Unknown,
        }
    }

    fn tweets(&mut self, ids: &[i64]) -> Option<Vec<TimelineEntry>> {
        ids.iter().map(|id| self.tweets.get(id).cloned()).collect()
    }

    fn keep_tweet(&mut self, tweet: TimelineEntry) {
        self.tweet_bytes += tweet_bytes(&tweet);
        if let Some(replaced) = self.tweets.put(tweet.tweet_id.get(), tweet) {
            self.tweet_bytes -= tweet_bytes(&replaced);
        }
        while self.tweet_bytes > self.capacity.1
            && let Some((_, dropped)) = self.tweets.pop_lru()
        {
            self.tweet_bytes -= tweet_bytes(&dropped);
        }
    }

    fn put(&mut self, reader: i64, slot: Slot) {
        self.remove(reader);
        self.ids += slot.weight();
        self.slots.put(reader, slot);
        self.shrink();
    }

    fn remove(&mut self, reader: i64) {
        if let Some(slot) = self.slots.pop(&reader) {
            self.ids -= slot.weight();
        }
    }

    fn reweigh(&mut self, before: usize, after: usize) {
        self.ids = self.ids + after - before;
        self.shrink();
    }

    fn shrink(&mut self) {
        while self.ids > self.capacity.0
            && let Some((_, slot)) = self.slots.pop_lru()
        {
            self.ids -= slot.weight();
        }
    }
}

fn tweet_bytes(tweet: &TimelineEntry) -> usize {
    TWEET_OVERHEAD + tweet.text.len()
}

impl Slot {
    fn weight(&self) -> usize {
        let ids = match self {
            Self::Filling { arrived, .. } => arrived.len(),
            Self::Filled { newest, older, .. } => {
                newest.ids.len() + older.as_ref().map_or(0, |older| older.ids.len())
            }
        };
        TIMELINE_OVERHEAD + ids
    }
}

impl Fill<'_> {
    /// Ends the fill with what the query has found. Gives the number under which the timeline is kept.
    pub(crate) fn finish(self, mut window: Window) -> u64 {
        let number = self.number;
        let mut state = self.index.state();
        // The reader's follows may have changed, and another fill may have begun since: then nothing is kept.
        if let Some(Slot::Filling { number: present, arrived }) = state.slots.peek_mut(&self.reader)
            && *present == number
        {
            for tweet in std::mem::take(arrived) {
                window.append(tweet);
            }
            state.put(self.reader, Slot::Filled { number, newest: window, older: None });
        }
        number
    }
}

impl Drop for Fill<'_> {
    fn drop(&mut self) {
        let mut state = self.index.state();
        if matches!(state.slots.peek(&self.reader), Some(Slot::Filling { number, .. }) if *number == self.number)
        {
            state.remove(self.reader);
        }
    }
}

impl Window {
    /// How many ids to ask for, so that a page of this size and some more are among them.
    pub(crate) fn depth_for(limit: u32) -> usize {
        // One more than the page has tells whether there are older ones.
        usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1).max(LEAST_DEPTH)
    }

    /// The newest `depth` ids of a timeline below an id, newest first as the query gives them; fewer are all of them.
    pub(crate) fn new(mut newest_first: Vec<i64>, depth: usize, below: i64) -> Self {
        newest_first.reverse();
        let ids = VecDeque::from(newest_first);
        let from = match ids.front() {
            Some(oldest) if ids.len() >= depth => oldest - 1,
            _ => i64::MIN,
        };
        Self { ids, from, below, depth }
    }

    /// The page, if all of it is known.
    pub(crate) fn page(&self, page: &PageRequest) -> Option<FoundPage> {
        let below = page.max_id.map_or(i64::MAX, TweetId::get);
        if below > self.below {
            return None;
        }
        let above = page.lower_bound().map_or(i64::MIN, TweetId::get);
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let start = self.ids.partition_point(|id| *id <= above);
        let end = self.ids.partition_point(|id| *id < below).max(start);
        let reaches_down = self.from <= above;
        let (taken, has_older) = if page.is_oldest_first() {
            if !reaches_down {
                return None;
            }
            let floor = page.since_id.map_or(i64::MIN, TweetId::get);
            let taken = start..start.saturating_add(limit).min(end);
            let has_older = match start.checked_sub(1).and_then(|previous| self.ids.get(previous)) {
                _ if taken.is_empty() => false,
                Some(previous) => *previous > floor,
                None if self.from <= floor => false,
                None => return None,
            };
            (taken, has_older)
        } else if end - start > limit {
            (end - limit..end, true)
        } else if reaches_down {
            (start..end, false)
        } else {
            return None;
        };
        Some(FoundPage { ids: self.ids.range(taken).copied().collect(), has_older })
    }

    /// Appends the newest tweet. One that the query has seen already is not appended again.
    fn append(&mut self, tweet: i64) {
        if self.ids.back().is_some_and(|newest| tweet <= *newest) {
            return;
        }
        self.ids.push_back(tweet);
        if self.ids.len() >= self.depth * 2 {
            self.ids.drain(..self.ids.len() - self.depth);
            self.from = self.ids.front().map_or(i64::MIN, |oldest| oldest - 1);
        }
    }
}
