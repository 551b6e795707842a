//! Home timelines in memory, filled by queries and kept up to date by events. Ids alone: a status is in memory once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use diesel::QueryResult;
use miniter_domain::PageRequest;

use crate::feed::Event;
use crate::home_timelines::fills::Fills;
use crate::home_timelines::loaded::{Loaded, Timeline};
use crate::home_timelines::query::{self, Home, HomeQuery};
use crate::home_timelines::window::{FoundPage, Window};

/// What the timelines may weigh in all, in ids of 8 bytes.
const CAPACITY: usize = 4_000_000;

/// Home timelines by reader.
pub(crate) struct HomeTimelines(Mutex<Cache>);

struct Cache {
    loaded: Loaded,
    fills: Fills,
    /// How often something was taken out. What was read from the database before is not kept after.
    removals: u64,
    /// How old what is in memory may become, where other programs write without being noticed.
    max_age: Option<Duration>,
}

/// What is in memory of a page.
enum Lookup {
    /// All of it.
    Found(FoundPage),
    /// The page begins below what is known of the timeline.
    Older { number: u64, authors: Arc<[i64]>, removals: u64 },
    /// Nothing, or not enough of its newest entries.
    Unknown,
}

/// A fill that was started; it is over when this is dropped.
struct FillGuard<'a> {
    timelines: &'a HomeTimelines,
    reader: i64,
    number: u64,
}

impl HomeTimelines {
    /// Nothing yet. `max_age` bounds the age of what is in memory; it need not be bounded where every write is noticed.
    pub(crate) fn new(max_age: Option<Duration>) -> Self {
        Self::with_capacity(CAPACITY, max_age)
    }

    fn with_capacity(capacity: usize, max_age: Option<Duration>) -> Self {
        let (loaded, fills) = (Loaded::new(capacity), Fills::default());
        Self(Mutex::new(Cache { loaded, fills, removals: 0, max_age }))
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        // Each change is complete before anything can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A page of which everything is in memory.
    pub(crate) fn cached(&self, reader: i64, page: &PageRequest) -> Option<FoundPage> {
        match self.cache().lookup(reader, page) {
            Lookup::Found(found) => Some(found),
            Lookup::Older { .. } | Lookup::Unknown => None,
        }
    }

    /// A page, from memory as far as it is there and else from the database, of which the newest part is kept then. `None` if
    /// there is no such reader.
    pub(crate) fn find(
        &self,
        query: &mut impl HomeQuery,
        reader: i64,
        page: &PageRequest,
    ) -> QueryResult<Option<FoundPage>> {
        let depth = Window::depth_for(page.limit);
        let lookup = self.cache().lookup(reader, page);
        let (number, authors, removals) = match lookup {
            Lookup::Found(found) => return Ok(Some(found)),
            Lookup::Older { number, authors, removals } => (number, authors, removals),
            Lookup::Unknown => {
                let fill = self.start_fill(reader);
                let removals = self.cache().removals;
                let Some(authors) = query.authors(reader)? else { return Ok(None) };
                let authors: Arc<[i64]> = authors.into();
                let home = Home { reader, authors: &authors };
                // One fill at a time: were each started again, under many requests none would ever end.
                let Some(fill) = fill else {
                    return query::page(page, |range| query.ids(home, range)).map(Some);
                };
                let newest = Window::new(query::newest(query, home, i64::MAX, depth)?, depth, i64::MAX);
                let found = newest.page(page);
                let number = fill.finish(Arc::clone(&authors), newest);
                if let Some(found) = found {
                    return Ok(Some(found));
                }
                (number, authors, removals)
            }
        };
        let home = Home { reader, authors: &authors };
        let upto = page.greatest().get();
        if !page.is_oldest_first() && page.max_id.is_some() {
            // Readers who scroll on have the next pages in memory.
            let older = Window::new(query::newest(query, home, upto, depth)?, depth, upto);
            let found = older.page(page);
            let mut cache = self.cache();
            // If the timeline is still the one that was filled under this number, and nothing was taken out since.
            if cache.removals == removals {
                cache.loaded.put_older(reader, number, older);
            }
            if found.is_some() {
                return Ok(found);
            }
        }
        query::page(page, |range| query.ids(home, range)).map(Some)
    }

    /// Forgets a reader's timeline: something in it is not in the database.
    pub(crate) fn forget(&self, reader: i64) {
        self.cache().forget(reader);
    }

    /// Starts to fill a timeline. To be called before the first query. `None` while another request is at it.
    fn start_fill(&self, reader: i64) -> Option<FillGuard<'_>> {
        let number = self.cache().fills.start(reader)?;
        Some(FillGuard { timelines: self, reader, number })
    }

    /// Applies an event. To be called in the order of commits.
    pub(crate) fn apply(&self, event: Event) {
        self.cache().apply(event);
    }

    /// Whether an author's tweets are in a timeline that is in memory: their readers are about to read what is published.
    pub(crate) fn has_readers(&self, author: i64) -> bool {
        self.cache().loaded.readers_of(author).is_some()
    }

    /// Forgets everything: another program has written, or events were missed.
    pub(crate) fn forget_all(&self) {
        let mut cache = self.cache();
        cache.loaded.clear();
        cache.fills.forget_all();
        cache.removals += 1;
    }
}

impl Cache {
    fn lookup(&mut self, reader: i64, page: &PageRequest) -> Lookup {
        let Some(timeline) = self.loaded.get(reader) else { return Lookup::Unknown };
        if self.max_age.is_some_and(|max_age| timeline.filled_at.elapsed() > max_age) {
            return Lookup::Unknown;
        }
        let Timeline { number, authors, newest, older, .. } = timeline;
        if let Some(found) = newest.page(page).or_else(|| older.as_ref()?.page(page)) {
            return Lookup::Found(found);
        }
        // Below an id that is committed nothing is added any more.
        match (page.max_id, newest.newest()) {
            (Some(below), Some(newest)) if below.get() <= newest => {
                Lookup::Older { number: *number, authors: Arc::clone(authors), removals: self.removals }
            }
            _ => Lookup::Unknown,
        }
    }

    fn apply(&mut self, event: Event) {
        match event {
            Event::Published { author, tweet } => {
                self.fills.put_aside(event);
                self.loaded.change(author, |window| window.insert(tweet));
            }
            Event::Deleted { author, tweet } => {
                self.fills.put_aside(event);
                self.loaded.change(author, |window| window.remove(tweet));
                self.removals += 1;
            }
            Event::Followed { follower, .. } | Event::Unfollowed { follower, .. } => {
                self.forget(follower);
            }
            Event::AccountDeleted { user } => {
                for reader in self.loaded.readers_of(user).cloned().unwrap_or_default() {
                    self.loaded.remove(reader);
                }
                self.fills.forget_all();
                self.removals += 1;
            }
            Event::StatusChanged { .. }
            | Event::InteractionChanged { .. }
            | Event::Notified { .. }
            | Event::AccountChanged { .. }
            | Event::CircleChanged { .. }
            | Event::ForeignWrites
            | Event::TokensRenewed { .. }
            | Event::AccessTokenRevoked { .. } => {}
        }
    }

    /// Forgets a reader, and what is being filled for them.
    fn forget(&mut self, reader: i64) {
        self.fills.forget(reader);
        self.loaded.remove(reader);
    }
}

impl FillGuard<'_> {
    /// Ends the fill with what the query has found. Returns the number under which the timeline is kept.
    fn finish(self, authors: Arc<[i64]>, mut newest: Window) -> u64 {
        let (reader, number) = (self.reader, self.number);
        let mut cache = self.timelines.cache();
        if cache.fills.finish(reader, number, &authors, &mut newest) {
            let filled_at = Instant::now();
            cache.loaded.put(reader, Timeline { number, filled_at, authors, newest, older: None });
        }
        number
    }
}

impl Drop for FillGuard<'_> {
    fn drop(&mut self) {
        self.timelines.cache().fills.end(self.reader, self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};

    use miniter_domain::StatusId;

    use super::*;
    use crate::home_timelines::loaded::{AUTHOR_WEIGHT, OVERHEAD};
    use crate::home_timelines::query::{Order, Range};

    const READER: i64 = 1;
    const AUTHOR: i64 = 2;

    /// Tweets and follows, and something that happens while they are queried.
    struct Tables<'a> {
        /// Authors by tweet.
        tweets: BTreeMap<i64, i64>,
        /// Whom the reader follows.
        followees: Vec<i64>,
        /// Called at each query for ids, after the tables were read.
        meanwhile: Box<dyn FnMut() + 'a>,
        /// How often ids were queried.
        queries: usize,
    }

    impl Tables<'_> {
        fn new(tweets: impl IntoIterator<Item = i64>) -> Self {
            Self {
                tweets: tweets.into_iter().map(|id| (id, AUTHOR)).collect(),
                followees: vec![AUTHOR],
                meanwhile: Box::new(|| ()),
                queries: 0,
            }
        }
    }

    impl HomeQuery for Tables<'_> {
        fn authors(&mut self, reader: i64) -> QueryResult<Option<Vec<i64>>> {
            Ok(Some(self.followees.iter().copied().chain([reader]).collect()))
        }

        fn ids(&mut self, home: Home<'_>, range: Range) -> QueryResult<Vec<i64>> {
            self.queries += 1;
            let mut ids: Vec<i64> = self
                .tweets
                .iter()
                .filter(|(id, author)| {
                    home.authors.contains(author) && **id > range.above && **id <= range.upto
                })
                .map(|(id, _)| *id)
                .collect();
            if range.order == Order::NewestFirst {
                ids.reverse();
            }
            ids.truncate(range.count);
            (self.meanwhile)();
            Ok(ids)
        }
    }

    fn ids(page: Option<FoundPage>) -> Option<Vec<i64>> {
        page.map(|page| page.ids)
    }

    fn cached(timelines: &HomeTimelines) -> Option<Vec<i64>> {
        ids(timelines.cached(READER, &PageRequest::newest(100)))
    }

    fn published(tweet: i64) -> Event {
        Event::Published { author: AUTHOR, tweet }
    }

    fn fill(timelines: &HomeTimelines, tables: &mut Tables<'_>) -> Option<Vec<i64>> {
        ids(timelines.find(tables, READER, &PageRequest::newest(100)).unwrap())
    }

    #[test]
    fn events_keep_a_timeline_up_to_date_and_only_those_of_its_authors_change_it() {
        let timelines = HomeTimelines::new(None);
        assert_eq!(cached(&timelines), None);
        let mut tables = Tables::new([1, 2]);
        assert_eq!(fill(&timelines, &mut tables), Some(vec![1, 2]));
        timelines.apply(published(4));
        timelines.apply(Event::Published { author: 9, tweet: 5 });
        timelines.apply(published(3));
        timelines.apply(Event::Deleted { author: AUTHOR, tweet: 1 });
        assert_eq!(cached(&timelines), Some(vec![2, 3, 4]));
    }

    #[test]
    fn an_event_that_comes_while_the_query_runs_counts_whether_the_query_saw_it_or_not() {
        for seen in [vec![1, 2], vec![1, 2, 3]] {
            let timelines = HomeTimelines::new(None);
            let mut tables = Tables::new(seen);
            tables.meanwhile = Box::new(|| {
                timelines.apply(published(3));
                timelines.apply(Event::Published { author: 9, tweet: 7 });
                timelines.apply(Event::Deleted { author: AUTHOR, tweet: 1 });
            });
            fill(&timelines, &mut tables).unwrap();
            assert_eq!(cached(&timelines), Some(vec![2, 3]));
        }
    }

    #[test]
    fn a_fill_counts_only_if_nothing_was_forgotten_meanwhile() {
        let follows = Event::Followed { follower: READER, followee: 9 };
        let unfollows = Event::Unfollowed { follower: READER, followee: AUTHOR };
        for event in [Some(follows), Some(unfollows), Some(Event::AccountDeleted { user: AUTHOR }), None] {
            let timelines = HomeTimelines::new(None);
            let mut tables = Tables::new([1]);
            tables.meanwhile = Box::new(|| match event {
                Some(event) => timelines.apply(event),
                None => timelines.forget_all(),
            });
            fill(&timelines, &mut tables).unwrap();
            drop(tables);
            assert_eq!(cached(&timelines), None, "{event:?}");
            assert_eq!(timelines.cache().loaded.weight(), 0);
        }
    }

    #[test]
    fn one_fill_runs_at_a_time_and_one_that_failed_is_in_nobodys_way() {
        let timelines = HomeTimelines::new(None);
        let first = timelines.start_fill(READER).unwrap();
        assert!(timelines.start_fill(READER).is_none());
        drop(first);
        assert!(timelines.start_fill(READER).is_some());
    }

    #[test]
    fn a_window_further_down_is_not_kept_if_a_tweet_was_deleted_while_it_was_queried() {
        let timelines = HomeTimelines::new(None);
        let mut tables = Tables::new(1..=1_000);
        timelines.find(&mut tables, READER, &PageRequest::newest(10)).unwrap();
        let page = PageRequest { max_id: Some(StatusId::new(500)), ..PageRequest::newest(10) };
        tables.meanwhile = Box::new(|| timelines.apply(Event::Deleted { author: AUTHOR, tweet: 495 }));
        timelines.find(&mut tables, READER, &page).unwrap();
        tables.meanwhile = Box::new(|| ());
        tables.tweets.remove(&495);
        let found = ids(timelines.find(&mut tables, READER, &page).unwrap()).unwrap();
        assert_eq!(found, [489, 490, 491, 492, 493, 494, 496, 497, 498, 499]);
        let queries = tables.queries;
        let next = PageRequest { max_id: Some(StatusId::new(489)), ..PageRequest::newest(10) };
        timelines.find(&mut tables, READER, &next).unwrap();
        assert_eq!(tables.queries, queries, "the next page is in memory");
    }

    #[test]
    fn what_is_too_old_is_read_again() {
        let mut tables = Tables::new([1]);
        let timelines = HomeTimelines::new(Some(Duration::ZERO));
        fill(&timelines, &mut tables).unwrap();
        assert_eq!(cached(&timelines), None);
        let timelines = HomeTimelines::new(Some(Duration::from_hours(1)));
        fill(&timelines, &mut tables).unwrap();
        assert_eq!(cached(&timelines), Some(vec![1]));
    }

    #[test]
    fn readers_who_were_away_longest_make_room_and_leave_nothing_behind() {
        let one = OVERHEAD + 2 * AUTHOR_WEIGHT + 2;
        let timelines = HomeTimelines::with_capacity(3 * one, None);
        let mut tables = Tables::new([1, 2]);
        for reader in 1..=3 {
            timelines.find(&mut tables, reader, &PageRequest::newest(1)).unwrap();
        }
        timelines.cached(1, &PageRequest::newest(1)).unwrap();
        // Being written to is not being there.
        timelines.apply(published(3));
        let is_known = |reader| timelines.cached(reader, &PageRequest::newest(1)).is_some();
        assert_eq!([1, 2, 3].map(is_known), [true, false, true]);
        let readers = timelines.cache().loaded.readers_of(AUTHOR).cloned().unwrap();
        assert_eq!(readers, HashSet::from([1, 3]));
    }
}
