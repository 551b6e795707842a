//! The windows of all who have read lately, and who is to be told of which author's tweets.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use diesel::QueryResult;
use lru::LruCache;
use miniter_domain::{PageRequest, TimelineEntry, TimelinePage};

use crate::feed::Event;
use crate::home_timelines::query::{self, Home, HomeQuery};
use crate::home_timelines::texts::Texts;
use crate::home_timelines::window::{FoundPage, Window};

/// What the timelines may weigh in all, in ids of 8 bytes. The readers who were away longest go first.
const CAPACITY: usize = 4_000_000;

/// What a timeline weighs beside its ids and authors: its place in the map, its windows.
const OVERHEAD: usize = 32;

/// What an author of a timeline weighs: a place in the reader's list, and one in the author's set of readers.
const AUTHOR_WEIGHT: usize = 8;

/// The most events that a fill puts aside. A query that takes longer than so many is not kept.
const MOST_ARRIVED: usize = 10_000;

/// Home timelines by reader.
pub(crate) struct HomeTimelines(Mutex<State>);

struct State {
    timelines: LruCache<i64, Timeline>,
    /// By author: the readers in whose timelines their tweets are.
    readers: HashMap<i64, HashSet<i64>>,
    /// By reader: the fills that are under way.
    fills: HashMap<i64, Fill>,
    texts: Texts,
    weight: usize,
    capacity: usize,
    /// How many fills have begun; numbers them.
    begun: u64,
    /// How often something was taken out. What was read from the database before is not kept after.
    removals: u64,
    /// How old what is in memory may become, where other programs write without being noticed.
    max_age: Option<Duration>,
}

/// What is kept for a reader.
struct Timeline {
    number: u64,
    filled_at: Instant,
    authors: Arc<[i64]>,
    newest: Window,
    /// Pages further down, for readers who scroll on.
    older: Option<Window>,
}

/// A query that is under way. What is committed meanwhile may be missing in its answer.
struct Fill {
    number: u64,
    arrived: Vec<Event>,
}

/// What is known of a page.
enum Lookup {
    /// All of it.
    Found(FoundPage),
    /// The page begins below what is known of the timeline.
    Older { number: u64, authors: Arc<[i64]>, removals: u64 },
    /// Nothing, or not enough of its newest entries.
    Unknown,
}

/// A fill that has begun; it is over when this is dropped.
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
        Self(Mutex::new(State {
            timelines: LruCache::unbounded(),
            readers: HashMap::new(),
            fills: HashMap::new(),
            texts: Texts::new(max_age),
            weight: 0,
            capacity,
            begun: 0,
            removals: 0,
            max_age,
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is complete before anything can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A page of which everything is in memory.
    pub(crate) fn cached(&self, reader: i64, page: &PageRequest) -> Option<TimelinePage> {
        let mut state = self.state();
        let Lookup::Found(FoundPage { ids, has_older }) = state.lookup(reader, page) else { return None };
        let entries = state.texts.find_all(&ids)?;
        Some(TimelinePage { entries, has_older })
    }

    /// A page, from memory as far as it is there and else from the database, of which the newest part is kept then. `None` if
    /// there is no such reader.
    pub(crate) fn find(
        &self,
        query: &mut impl HomeQuery,
        reader: i64,
        page: &PageRequest,
    ) -> QueryResult<Option<TimelinePage>> {
        let Some(FoundPage { ids, has_older }) = self.find_ids(query, reader, page)? else { return Ok(None) };
        let entries = self.entries(query, &ids)?;
        if entries.len() == ids.len() {
            return Ok(Some(TimelinePage { entries, has_older }));
        }
        // Another program has deleted tweets, and that was not noticed, or not yet.
        self.state().forget(reader);
        let Some(authors) = query.authors(reader)? else { return Ok(None) };
        let FoundPage { ids, has_older } = query::page(query, Home { reader, authors: &authors }, page)?;
        Ok(Some(TimelinePage { entries: query.entries(&ids)?, has_older }))
    }

    fn find_ids(
        &self,
        query: &mut impl HomeQuery,
        reader: i64,
        page: &PageRequest,
    ) -> QueryResult<Option<FoundPage>> {
        let depth = Window::depth_for(page.limit);
        let lookup = self.state().lookup(reader, page);
        let (number, authors, removals) = match lookup {
            Lookup::Found(found) => return Ok(Some(found)),
            Lookup::Older { number, authors, removals } => (number, authors, removals),
            Lookup::Unknown => {
                let fill = self.begin(reader);
                let removals = self.state().removals;
                let Some(authors) = query.authors(reader)? else { return Ok(None) };
                let authors: Arc<[i64]> = authors.into();
                let home = Home { reader, authors: &authors };
                // One fill at a time: were each to begin anew, under many requests none would ever end.
                let Some(fill) = fill else { return query::page(query, home, page).map(Some) };
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
            self.keep_older(reader, number, removals, older);
            if found.is_some() {
                return Ok(found);
            }
        }
        query::page(query, home, page).map(Some)
    }

    /// The tweets with these ids, as far as they exist.
    fn entries(&self, query: &mut impl HomeQuery, ids: &[i64]) -> QueryResult<Vec<TimelineEntry>> {
        let (mut entries, missing, removals) = {
            let mut state = self.state();
            let (known, missing) = state.texts.find_some(ids);
            (known, missing, state.removals)
        };
        if missing.is_empty() {
            return Ok(entries);
        }
        let read = query.entries(&missing)?;
        let mut state = self.state();
        if state.removals == removals {
            for entry in &read {
                state.texts.keep(entry.clone());
            }
        }
        entries.extend(read);
        entries.sort_unstable_by_key(|entry| entry.tweet_id);
        Ok(entries)
    }

    /// Begins to fill a timeline: from now on no event is missed. To be called before the first query. `None` while another
    /// request is at it.
    fn begin(&self, reader: i64) -> Option<FillGuard<'_>> {
        let mut state = self.state();
        if state.fills.contains_key(&reader) {
            return None;
        }
        state.begun += 1;
        let number = state.begun;
        state.fills.insert(reader, Fill { number, arrived: Vec::new() });
        Some(FillGuard { timelines: self, reader, number })
    }

    /// Keeps a window below the newest one, in place of another, if the timeline is still the one that was filled under this
    /// number and nothing was taken out since.
    fn keep_older(&self, reader: i64, number: u64, removals: u64, window: Window) {
        let mut state = self.state();
        if state.removals != removals {
            return;
        }
        let Some(timeline) = state.timelines.peek_mut(&reader) else { return };
        if timeline.number == number {
            let before = timeline.weight();
            timeline.older = Some(window);
            let after = timeline.weight();
            state.reweigh(before, after);
        }
    }

    /// Applies an event. To be called in the order of commits.
    pub(crate) fn apply(&self, event: Event) {
        self.state().apply(event);
    }

    /// Keeps a tweet that was published just now, if somebody is about to read it.
    pub(crate) fn keep_text(&self, tweet: &TimelineEntry) {
        let mut state = self.state();
        if state.readers.contains_key(&tweet.author.get()) {
            state.texts.keep(tweet.clone());
        }
    }

    /// Forgets everything: another program has written, or events were missed.
    pub(crate) fn forget_all(&self) {
        let mut state = self.state();
        state.timelines.clear();
        state.readers.clear();
        state.fills.clear();
        state.texts.clear();
        state.weight = 0;
        state.removals += 1;
    }
}

impl State {
    fn lookup(&mut self, reader: i64, page: &PageRequest) -> Lookup {
        let Some(timeline) = self.timelines.get(&reader) else { return Lookup::Unknown };
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
                self.put_aside(event);
                self.change_windows(author, |window| window.insert(tweet));
            }
            Event::Deleted { author, tweet } => {
                self.put_aside(event);
                self.change_windows(author, |window| window.remove(tweet));
                self.texts.remove(tweet);
                self.removals += 1;
            }
            Event::Followed { follower, .. } | Event::Unfollowed { follower, .. } => {
                self.forget(follower);
            }
            Event::AccountDeleted { user } => {
                for reader in self.readers.get(&user).cloned().unwrap_or_default() {
                    self.forget(reader);
                }
                self.fills.clear();
                self.texts.clear();
                self.removals += 1;
            }
            Event::ForeignWrites | Event::TokensRenewed { .. } => {}
        }
    }

    /// For the fills that are under way: whose authors they have is not known yet.
    fn put_aside(&mut self, event: Event) {
        self.fills.retain(|_, fill| {
            fill.arrived.push(event);
            fill.arrived.len() <= MOST_ARRIVED
        });
    }

    fn change_windows(&mut self, author: i64, change: impl Fn(&mut Window)) {
        let Some(readers) = self.readers.get(&author) else { return };
        for reader in readers {
            let Some(timeline) = self.timelines.peek_mut(reader) else { continue };
            let before = timeline.weight();
            change(&mut timeline.newest);
            if let Some(older) = &mut timeline.older {
                change(older);
            }
            self.weight = self.weight + timeline.weight() - before;
        }
        self.shrink();
    }

    /// Forgets a reader, and what is being filled for them.
    fn forget(&mut self, reader: i64) {
        self.fills.remove(&reader);
        self.remove(reader);
    }

    fn put(&mut self, reader: i64, timeline: Timeline) {
        self.remove(reader);
        self.weight += timeline.weight();
        for author in &*timeline.authors {
            self.readers.entry(*author).or_default().insert(reader);
        }
        self.timelines.put(reader, timeline);
        self.shrink();
    }

    fn remove(&mut self, reader: i64) {
        if let Some(timeline) = self.timelines.pop(&reader) {
            self.unlink(reader, &timeline);
        }
    }

    fn unlink(&mut self, reader: i64, timeline: &Timeline) {
        self.weight -= timeline.weight();
        for author in &*timeline.authors {
            if let Some(readers) = self.readers.get_mut(author) {
                readers.remove(&reader);
                if readers.is_empty() {
                    self.readers.remove(author);
                }
            }
        }
    }

    fn reweigh(&mut self, before: usize, after: usize) {
        self.weight = self.weight + after - before;
        self.shrink();
    }

    fn shrink(&mut self) {
        while self.weight > self.capacity
            && let Some((reader, timeline)) = self.timelines.pop_lru()
        {
            self.unlink(reader, &timeline);
        }
    }
}

impl Timeline {
    fn weight(&self) -> usize {
        let ids = self.newest.len() + self.older.as_ref().map_or(0, Window::len);
        OVERHEAD + self.authors.len() * AUTHOR_WEIGHT + ids
    }
}

impl FillGuard<'_> {
    /// Ends the fill with what the query has found. Returns the number under which the timeline is kept.
    fn finish(self, authors: Arc<[i64]>, mut newest: Window) -> u64 {
        let (reader, number) = (self.reader, self.number);
        let mut state = self.timelines.state();
        // The reader's follows may have changed, and another fill may have begun since: then nothing is kept.
        let arrived = match state.fills.get_mut(&reader) {
            Some(fill) if fill.number == number => std::mem::take(&mut fill.arrived),
            _ => return number,
        };
        let of_authors: HashSet<i64> =
            if arrived.is_empty() { HashSet::new() } else { authors.iter().copied().collect() };
        for event in arrived {
            match event {
                Event::Published { author, tweet } if of_authors.contains(&author) => newest.insert(tweet),
                Event::Deleted { author, tweet } if of_authors.contains(&author) => newest.remove(tweet),
                Event::Published { .. }
                | Event::Deleted { .. }
                | Event::Followed { .. }
                | Event::Unfollowed { .. }
                | Event::AccountDeleted { .. }
                | Event::ForeignWrites
                | Event::TokensRenewed { .. } => {}
            }
        }
        let filled_at = Instant::now();
        state.put(reader, Timeline { number, filled_at, authors, newest, older: None });
        number
    }
}

impl Drop for FillGuard<'_> {
    fn drop(&mut self) {
        let mut state = self.timelines.state();
        if state.fills.get(&self.reader).is_some_and(|fill| fill.number == self.number) {
            state.fills.remove(&self.reader);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use miniter_domain::{TweetId, UserId};

    use super::*;
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

        fn entries(&mut self, ids: &[i64]) -> QueryResult<Vec<TimelineEntry>> {
            let found = ids.iter().filter_map(|id| Some(entry(*id, *self.tweets.get(id)?)));
            Ok(found.collect())
        }
    }

    fn entry(id: i64, author: i64) -> TimelineEntry {
        TimelineEntry { tweet_id: TweetId::new(id), author: UserId::new(author), text: "text".into() }
    }

    fn ids(page: Option<TimelinePage>) -> Option<Vec<i64>> {
        page.map(|page| page.entries.iter().map(|entry| entry.tweet_id.get()).collect())
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
        for id in [2, 3, 4] {
            timelines.keep_text(&entry(id, AUTHOR));
        }
        assert_eq!(cached(&timelines), Some(vec![2, 3, 4]));
        // The text of a deleted tweet is gone as well.
        assert_eq!(timelines.state().texts.find_all(&[1]), None);
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
            timelines.keep_text(&entry(2, AUTHOR));
            timelines.keep_text(&entry(3, AUTHOR));
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
            assert_eq!(timelines.state().weight, 0);
        }
    }

    #[test]
    fn one_fill_runs_at_a_time_and_one_that_failed_is_in_nobodys_way() {
        let timelines = HomeTimelines::new(None);
        let first = timelines.begin(READER).unwrap();
        assert!(timelines.begin(READER).is_none());
        drop(first);
        assert!(timelines.begin(READER).is_some());
    }

    #[test]
    fn a_window_further_down_is_not_kept_if_a_tweet_was_deleted_while_it_was_queried() {
        let timelines = HomeTimelines::new(None);
        let mut tables = Tables::new(1..=1_000);
        timelines.find(&mut tables, READER, &PageRequest::newest(10)).unwrap();
        let page = PageRequest { max_id: Some(TweetId::new(500)), ..PageRequest::newest(10) };
        tables.meanwhile = Box::new(|| timelines.apply(Event::Deleted { author: AUTHOR, tweet: 495 }));
        timelines.find(&mut tables, READER, &page).unwrap();
        tables.meanwhile = Box::new(|| ());
        tables.tweets.remove(&495);
        let found = ids(timelines.find(&mut tables, READER, &page).unwrap()).unwrap();
        assert_eq!(found, [489, 490, 491, 492, 493, 494, 496, 497, 498, 499]);
        let queries = tables.queries;
        let next = PageRequest { max_id: Some(TweetId::new(489)), ..PageRequest::newest(10) };
        timelines.find(&mut tables, READER, &next).unwrap();
        assert_eq!(tables.queries, queries, "the next page is in memory");
    }

    #[test]
    fn a_tweet_that_another_program_has_deleted_leaves_no_gap() {
        let timelines = HomeTimelines::new(None);
        let mut tables = Tables::new([1, 2, 3]);
        fill(&timelines, &mut tables).unwrap();
        timelines.state().texts.clear();
        tables.tweets.remove(&2);
        assert_eq!(
            ids(timelines.find(&mut tables, READER, &PageRequest::newest(2)).unwrap()),
            Some(vec![1, 3])
        );
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
        timelines.keep_text(&entry(3, AUTHOR));
        let is_known = |reader| timelines.cached(reader, &PageRequest::newest(1)).is_some();
        assert_eq!([1, 2, 3].map(is_known), [true, false, true]);
        let readers = timelines.state().readers.get(&AUTHOR).cloned().unwrap();
        assert_eq!(readers, HashSet::from([1, 3]));
    }
}
