//! Values that were read from the database, kept in memory until an event changes them.
//!
//! What was read before something was taken out is not kept after: the event may have been about it. A reader asks for
//! [`Memory::removals`] first, then the database, and passes the count on to [`Memory::keep`].

use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lru::LruCache;

/// Values by key, bounded by what they weigh. Those that were read longest ago go first.
pub(crate) struct Memory<K: Eq + Hash, V>(Mutex<Kept<K, V>>);

struct Kept<K: Eq + Hash, V> {
    values: LruCache<K, Value<V>>,
    weight: usize,
    capacity: usize,
    removals: u64,
    max_age: Option<Duration>,
}

struct Value<V> {
    content: V,
    weight: usize,
    kept_at: Instant,
}

impl<K: Eq + Hash, V: Clone> Memory<K, V> {
    /// Nothing yet. `max_age` bounds the age of what is in memory; it need not be bounded where every write is noticed.
    pub(crate) fn new(capacity: usize, max_age: Option<Duration>) -> Self {
        let values = LruCache::unbounded();
        Self(Mutex::new(Kept { values, weight: 0, capacity, removals: 0, max_age }))
    }

    fn kept(&self) -> MutexGuard<'_, Kept<K, V>> {
        // Each change is complete before anything can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A value, if it is in memory.
    pub(crate) fn find(&self, key: &K) -> Option<V> {
        let mut kept = self.kept();
        let max_age = kept.max_age;
        let found = kept.values.get(key)?;
        let is_fresh = max_age.is_none_or(|max_age| found.kept_at.elapsed() <= max_age);
        is_fresh.then(|| found.content.clone())
    }

    /// How often something was taken out.
    pub(crate) fn removals(&self) -> u64 {
        self.kept().removals
    }

    /// Keeps a value that was read after there were so many `removals`, unless there are more by now.
    pub(crate) fn keep(&self, key: K, value: V, weight: usize, removals: u64) {
        let mut kept = self.kept();
        if kept.removals != removals {
            return;
        }
        kept.weight += weight;
        if let Some(replaced) =
            kept.values.put(key, Value { content: value, weight, kept_at: Instant::now() })
        {
            kept.weight -= replaced.weight;
        }
        while kept.weight > kept.capacity
            && let Some((_, dropped)) = kept.values.pop_lru()
        {
            kept.weight -= dropped.weight;
        }
    }

    /// Takes a value out.
    pub(crate) fn remove(&self, key: &K) {
        let mut kept = self.kept();
        if let Some(removed) = kept.values.pop(key) {
            kept.weight -= removed.weight;
        }
        kept.removals += 1;
    }

    /// Takes everything out.
    pub(crate) fn clear(&self) {
        let mut kept = self.kept();
        kept.values.clear();
        kept.weight = 0;
        kept.removals += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_something_was_taken_out_is_not_kept() {
        let memory = Memory::new(10, None);
        for take_out in
            [|memory: &Memory<u8, u8>| memory.remove(&1), |memory: &Memory<u8, u8>| memory.clear()]
        {
            let removals = memory.removals();
            take_out(&memory);
            memory.keep(2, 20, 1, removals);
            assert_eq!(memory.find(&2), None);
            memory.keep(2, 20, 1, memory.removals());
            assert_eq!(memory.find(&2), Some(20));
        }
    }

    #[test]
    fn what_was_read_longest_ago_makes_room() {
        let memory = Memory::new(10, None);
        for key in 1..=3 {
            memory.keep(key, key, 3, 0);
        }
        memory.find(&1).unwrap();
        memory.keep(4, 4, 4, 0);
        assert_eq!([1, 2, 3, 4].map(|key| memory.find(&key)), [Some(1), None, Some(3), Some(4)]);
        memory.keep(4, 5, 1, 0);
        assert_eq!(memory.kept().weight, 7);
        memory.remove(&1);
        memory.remove(&1);
        assert_eq!(memory.kept().weight, 4);
    }

    #[test]
    fn what_is_too_old_is_not_found() {
        let memory = Memory::new(10, Some(Duration::ZERO));
        memory.keep(1, 1, 1, 0);
        std::thread::sleep(Duration::from_millis(2));
        assert_eq!(memory.find(&1), None);
    }
}
