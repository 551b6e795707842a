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

use crate::timelines::recent::RecentTweets;

/// How many ids are kept in all, 8 bytes each: those of the readers who have been away longest go first.
const IDS: usize = 4_000_000;

/// What a timeline counts beside its ids, in ids: its place in the map, its windows.
const TIMELINE_OVERHEAD: usize = 32;

/// The fewest ids that a window is filled with: a few pages of a common client.
const LEAST_DEPTH: usize = 128;

/// How many readers one tweet is appended for before others get a turn at the index.
const TURN: usize = 512;

/// Home timelines by reader.
pub(crate) struct HomeIndex(Mutex<State>);

struct State {
    slots: LruCache<i64, Slot>,
    tweets: RecentTweets,
    /// What the slots count together.
    ids: usize,
    /// What `ids` may be.
    capacity: usize,
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
    /// up to this one.
    up_to: i64,
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
        Self::with_capacity(IDS)
    }

    fn with_capacity(capacity: usize) -> Self {
        Self(Mutex::new(State {
            slots: LruCache::unbounded(),
            // Whoever else writes is noticed: nothing gets too old.
            tweets: RecentTweets::new(None),
            ids: 0,
            capacity,
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
                let entries = state.tweets.find_all(&found.ids)?;
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
        state.tweets.find_all(ids).ok_or(Epoch(state.epoch))
    }

    /// Keeps tweets that were asked for since the epoch was named.
    pub(crate) fn keep_tweets(&self, epoch: &Epoch, tweets: &[TimelineEntry]) {
        let mut state = self.state();
        // Else another program has written meanwhile: they may not be so any more.
        if state.epoch == epoch.0 {
            for tweet in tweets {
                state.tweets.keep(tweet.clone());
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
            let mut fills = state.fills;
            for reader in readers {
                let Some(slot) = state.slots.peek_mut(reader) else { continue };
                has_reader = true;
                let before = slot.weight();
                match slot {
                    Slot::Filling { arrived, .. } => arrived.push(id),
                    Slot::Filled { number, newest, older } => {
                        if !newest.append(id) {
                            // It may be missing in what is known of the timeline below, or about to be.
                            *older = None;
                            fills += 1;
                            *number = fills;
                        }
                    }
                }
                let after = slot.weight();
                state.reweigh(before, after);
            }
            state.fills = fills;
        }
        // For those who are about to read it.
        if has_reader {
            self.state().tweets.keep(tweet.clone());
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
        while self.ids > self.capacity
            && let Some((_, slot)) = self.slots.pop_lru()
        {
            self.ids -= slot.weight();
        }
    }
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

    /// The newest `depth` ids of a timeline up to an id, newest first as the query gives them; fewer are all of them.
    pub(crate) fn new(mut newest_first: Vec<i64>, depth: usize, up_to: i64) -> Self {
        newest_first.reverse();
        let ids = VecDeque::from(newest_first);
        let from = match ids.front() {
            Some(oldest) if ids.len() >= depth => oldest - 1,
            _ => i64::MIN,
        };
        Self { ids, from, up_to, depth }
    }

    /// The page, if all of it is known.
    pub(crate) fn page(&self, page: &PageRequest) -> Option<FoundPage> {
        let up_to = page.greatest().get();
        if up_to > self.up_to {
            return None;
        }
        let above = page.lower_bound().map_or(i64::MIN, TweetId::get);
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let start = self.ids.partition_point(|id| *id <= above);
        let end = self.ids.partition_point(|id| *id <= up_to).max(start);
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

    /// Appends the newest tweet. One that the query has seen already is not appended again. Says whether it is the
    /// newest: other SQL may have given an id that no later tweet is above.
    fn append(&mut self, tweet: i64) -> bool {
        let place = self.ids.partition_point(|id| *id < tweet);
        let is_newest = self.ids.back().is_none_or(|newest| tweet >= *newest);
        if tweet <= self.from || self.ids.get(place) == Some(&tweet) {
            return is_newest;
        }
        self.ids.insert(place, tweet);
        if self.ids.len() >= self.depth * 2 {
            self.ids.drain(..self.ids.len() - self.depth);
            self.from = self.ids.front().map_or(i64::MIN, |oldest| oldest - 1);
        }
        is_newest
    }
}

#[cfg(test)]
mod tests {
    use miniter_domain::UserId;

    use super::*;

    const READER: i64 = 1;

    fn tweet(id: i64) -> TimelineEntry {
        TimelineEntry { tweet_id: TweetId::new(id), author: UserId::new(2), text: "text".into() }
    }

    /// An index in which the reader has these ids, of which there may be more below.
    fn filled(ids: &[i64], depth: usize) -> HomeIndex {
        let index = HomeIndex::new();
        let newest_first = ids.iter().rev().copied().collect();
        index.begin(READER).unwrap().finish(Window::new(newest_first, depth, i64::MAX));
        index
    }

    fn found(index: &HomeIndex, page: PageRequest) -> Option<(Vec<i64>, bool)> {
        match index.find(READER, &page) {
            Lookup::Found(FoundPage { ids, has_older }) => Some((ids, has_older)),
            Lookup::Older(_) | Lookup::Unknown => None,
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "cursors are optional")]
    fn id(id: i64) -> Option<TweetId> {
        Some(TweetId::new(id))
    }

    #[test]
    fn what_lies_below_the_known_part_is_not_guessed_at() {
        let newest = PageRequest::newest(2);
        let index = filled(&[10, 20, 30], 3);
        assert_eq!(found(&index, newest), Some((vec![20, 30], true)));
        assert_eq!(found(&index, PageRequest::newest(3)), None, "there may be a fourth");
        assert_eq!(found(&index, PageRequest { since_id: id(10), ..newest }), Some((vec![20, 30], false)));
        assert_eq!(found(&index, PageRequest { since_id: id(5), ..PageRequest::newest(4) }), None);
        assert_eq!(found(&index, PageRequest { min_id: id(20), ..newest }), Some((vec![30], true)));
        assert_eq!(found(&index, PageRequest { min_id: id(9), ..newest }), None, "has it older ones?");
        assert_eq!(index.find(READER, &PageRequest { max_id: id(20), ..newest }), Lookup::Older(1));

        let all = filled(&[10, 20, 30], 4);
        assert_eq!(found(&all, PageRequest::newest(3)), Some((vec![10, 20, 30], false)));
        assert_eq!(found(&all, PageRequest { min_id: id(9), ..newest }), Some((vec![10, 20], false)));
    }

    #[test]
    fn an_older_part_is_used_until_the_timeline_is_filled_anew() {
        let index = filled(&[100, 110, 120], 3);
        let page = PageRequest { max_id: id(50), ..PageRequest::newest(2) };
        let Lookup::Older(number) = index.find(READER, &page) else { panic!("it lies below") };
        index.keep_older(READER, number, Window::new(vec![40, 30, 20], 3, 50));
        assert_eq!(found(&index, page), Some((vec![30, 40], true)));
        assert_eq!(found(&index, PageRequest { max_id: id(60), ..page }), None, "50 to 60 is unknown");

        index.forget(READER);
        index.keep_older(READER, number, Window::new(vec![40, 30, 20], 3, 50));
        assert_eq!(index.find(READER, &page), Lookup::Unknown);
        index.begin(READER).unwrap().finish(Window::new(vec![120, 110, 100], 3, i64::MAX));
        index.keep_older(READER, number, Window::new(vec![40, 30, 20], 3, 50));
        assert_eq!(found(&index, page), None, "it was of the timeline before");
    }

    #[test]
    fn a_tweet_below_an_id_that_other_sql_has_given_is_in_every_part_where_it_belongs() {
        let index = filled(&[100, 110, i64::MAX], 3);
        assert_eq!(found(&index, PageRequest::newest(1)), Some((vec![i64::MAX], true)));
        let page = PageRequest { max_id: id(105), ..PageRequest::newest(2) };
        let Lookup::Older(number) = index.find(READER, &page) else { panic!("it lies below") };
        let older = || Window::new(vec![100, 90, 80], 3, 104);
        index.keep_older(READER, number, older());
        assert_eq!(found(&index, page), Some((vec![90, 100], true)));
        index.append(&tweet(120), &[READER]);
        assert_eq!(found(&index, PageRequest::newest(3)), Some((vec![110, 120, i64::MAX], true)));
        // What was read before it may lack it.
        index.keep_older(READER, number, older());
        assert_eq!(found(&index, page), None);
        // Below what is known: it is not, and nothing has a gap.
        index.append(&tweet(95), &[READER]);
        let known = PageRequest { since_id: id(99), ..PageRequest::newest(9) };
        assert_eq!(found(&index, known), Some((vec![100, 110, 120, i64::MAX], false)));
    }

    #[test]
    fn a_tweet_that_is_committed_while_the_query_runs_is_there_once_whether_the_query_saw_it_or_not() {
        for seen in [vec![2, 1], vec![3, 2, 1]] {
            let index = HomeIndex::new();
            let fill = index.begin(READER).unwrap();
            index.append(&tweet(3), &[READER]);
            index.append(&tweet(4), &[READER]);
            fill.finish(Window::new(seen, 10, i64::MAX));
            index.append(&tweet(5), &[READER, 7]);
            assert_eq!(found(&index, PageRequest::newest(9)), Some((vec![1, 2, 3, 4, 5], false)));
        }
    }

    #[test]
    fn a_fill_counts_only_if_nothing_was_forgotten_meanwhile_and_one_runs_at_a_time() {
        let window = || Window::new(vec![2, 1], 10, i64::MAX);
        let index = HomeIndex::new();
        let fill = index.begin(READER).unwrap();
        assert!(index.begin(READER).is_none());
        index.forget(READER);
        let second = index.begin(READER).unwrap();
        fill.finish(window());
        assert_eq!(found(&index, PageRequest::newest(1)), None, "of the follows before");
        second.finish(window());
        assert!(found(&index, PageRequest::newest(1)).is_some());

        let third = index.begin(READER).unwrap();
        index.forget_all();
        third.finish(window());
        assert_eq!(found(&index, PageRequest::newest(1)), None);
        // One that failed is in nobody's way.
        drop(index.begin(READER).unwrap());
        assert!(index.begin(READER).is_some());
    }

    #[test]
    fn tweets_that_were_read_before_something_was_forgotten_are_not_kept() {
        let index = filled(&[1], 10);
        let epoch = index.tweets(&[1]).unwrap_err();
        index.forget_all();
        index.keep_tweets(&epoch, &[tweet(1)]);
        assert!(index.tweets(&[1]).is_err());
        let epoch = index.tweets(&[1]).unwrap_err();
        index.keep_tweets(&epoch, &[tweet(1)]);
        assert_eq!(index.tweets(&[1]).unwrap(), [tweet(1)]);
    }

    #[test]
    fn a_timeline_that_grows_is_cut_at_its_old_end() {
        let index = filled(&[1, 2, 3, 4], 4);
        for id in 5..=100 {
            index.append(&tweet(id), &[READER]);
        }
        assert_eq!(found(&index, PageRequest::newest(3)), Some((vec![98, 99, 100], true)));
        assert_eq!(found(&index, PageRequest::newest(8)), None);
        assert!(index.state().ids <= TIMELINE_OVERHEAD + 8);
    }

    #[test]
    fn who_has_been_away_longest_makes_room() {
        let index = HomeIndex::with_capacity(3 * (TIMELINE_OVERHEAD + 2));
        for reader in 1..=3 {
            index.begin(reader).unwrap().finish(Window::new(vec![2, 1], 10, i64::MAX));
        }
        index.find(1, &PageRequest::newest(1));
        // Being written to is not being there.
        index.append(&tweet(3), &[2]);
        let is_known = |reader| index.find(reader, &PageRequest::newest(1)) != Lookup::Unknown;
        assert_eq!([1, 2, 3].map(is_known), [true, false, true]);
    }
}
