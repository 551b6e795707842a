//! The timelines that are in memory, and in whose an author's tweets are.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use lru::LruCache;

use crate::home_timelines::window::Window;

/// What a timeline weighs beside its ids and authors: its place in the map, its windows.
pub(super) const OVERHEAD: usize = 32;

/// What an author of a timeline weighs: a place in the reader's list, and one in the author's set of readers.
pub(super) const AUTHOR_WEIGHT: usize = 8;

/// What is kept for a reader.
pub(super) struct Timeline {
    /// The number of the fill that it comes from.
    pub(super) number: u64,
    pub(super) filled_at: Instant,
    pub(super) authors: Arc<[i64]>,
    pub(super) newest: Window,
    /// Pages further down, for readers who scroll on.
    pub(super) older: Option<Window>,
}

impl Timeline {
    fn weight(&self) -> usize {
        let ids = self.newest.len() + self.older.as_ref().map_or(0, Window::len);
        OVERHEAD + self.authors.len() * AUTHOR_WEIGHT + ids
    }
}

/// Timelines by reader, bounded by what they weigh.
pub(super) struct Loaded {
    timelines: LruCache<i64, Timeline>,
    /// By author: the readers in whose timelines their tweets are.
    readers: HashMap<i64, HashSet<i64>>,
    weight: usize,
    /// In ids of 8 bytes. The readers who were away longest go first.
    capacity: usize,
}

impl Loaded {
    pub(super) fn new(capacity: usize) -> Self {
        Self { timelines: LruCache::unbounded(), readers: HashMap::new(), weight: 0, capacity }
    }

    #[cfg(test)]
    pub(super) fn weight(&self) -> usize {
        self.weight
    }

    /// The readers in whose timelines the tweets of an author are.
    pub(super) fn readers_of(&self, author: i64) -> Option<&HashSet<i64>> {
        self.readers.get(&author)
    }

    /// A reader's timeline. The reader is here just now.
    pub(super) fn get(&mut self, reader: i64) -> Option<&Timeline> {
        self.timelines.get(&reader)
    }

    pub(super) fn put(&mut self, reader: i64, timeline: Timeline) {
        self.remove(reader);
        self.weight += timeline.weight();
        for author in &*timeline.authors {
            self.readers.entry(*author).or_default().insert(reader);
        }
        self.timelines.put(reader, timeline);
        self.shrink();
    }

    /// Gives a timeline a window further down, in place of another.
    pub(super) fn put_older(&mut self, reader: i64, number: u64, window: Window) {
        let Some(timeline) = self.timelines.peek_mut(&reader) else { return };
        if timeline.number == number {
            let before = timeline.weight();
            timeline.older = Some(window);
            self.weight = self.weight + timeline.weight() - before;
            self.shrink();
        }
    }

    /// Changes the windows of all timelines that the tweets of an author are in.
    pub(super) fn change(&mut self, author: i64, change: impl Fn(&mut Window)) {
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

    pub(super) fn remove(&mut self, reader: i64) {
        if let Some(timeline) = self.timelines.pop(&reader) {
            self.unlink(reader, &timeline);
        }
    }

    pub(super) fn clear(&mut self) {
        self.timelines.clear();
        self.readers.clear();
        self.weight = 0;
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

    fn shrink(&mut self) {
        while self.weight > self.capacity
            && let Some((reader, timeline)) = self.timelines.pop_lru()
        {
            self.unlink(reader, &timeline);
        }
    }
}
