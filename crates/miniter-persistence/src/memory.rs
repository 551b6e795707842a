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
        let oldest = kept.oldest();
        kept.find(key, oldest)
    }

    /// The values with these keys, in their order, if all of them are in memory.
    pub(crate) fn find_all(&self, keys: &[K]) -> Option<Vec<V>> {
        let mut kept = self.kept();
        let oldest = kept.oldest();
        // With room for all of them at once, which collecting into an option would not give.
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            found.push(kept.find(key, oldest)?);
        }
        Some(found)
    }

    /// The values with these keys, as far as there are any, in no order. `read` reads those that are not in memory; `describe` tells
    /// the key of a value and what it weighs.
    pub(crate) fn find_or_read<E>(
        &self,
        keys: &[K],
        read: impl FnOnce(&[K]) -> Result<Vec<V>, E>,
        describe: impl Fn(&V) -> (K, usize),
    ) -> Result<Vec<V>, E>
    where
        K: Copy,
    {
        let (mut found, mut missing) = (Vec::with_capacity(keys.len()), Vec::new());
        let removals = {
            let mut kept = self.kept();
            let oldest = kept.oldest();
            for key in keys {
                match kept.find(key, oldest) {
                    Some(value) => found.push(value),
                    None => missing.push(*key),
                }
            }
            kept.removals
        };
        if !missing.is_empty() {
            let read = read(&missing)?;
            let mut kept = self.kept();
            if kept.removals == removals {
                for value in &read {
                    let (key, weight) = describe(value);
                    kept.put(key, value.clone(), weight);
                }
            }
            found.extend(read);
        }
        Ok(found)
    }

    /// How often something was taken out.
    pub(crate) fn removals(&self) -> u64 {
        self.kept().removals
    }

    /// Keeps a value that was read after there were so many `removals`, unless there are more by now.
    pub(crate) fn keep(&self, key: K, value: V, weight: usize, removals: u64) {
        let mut kept = self.kept();
        if kept.removals == removals {
            kept.put(key, value, weight);
        }
    }

    /// Keeps a value as it is in the database just now.
    pub(crate) fn put(&self, key: K, value: V, weight: usize) {
        self.kept().put(key, value, weight);
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

    /// What all that is in memory weighs.
    #[cfg(test)]
    pub(crate) fn weight(&self) -> usize {
        self.kept().weight
    }
}

impl<K: Eq + Hash, V: Clone> Kept<K, V> {
    /// When a value must have been read at least that it is found.
    fn oldest(&self) -> Option<Instant> {
        self.max_age.and_then(|max_age| Instant::now().checked_sub(max_age))
    }

    fn find(&mut self, key: &K, oldest: Option<Instant>) -> Option<V> {
        let found = self.values.get(key)?;
        oldest.is_none_or(|oldest| found.kept_at >= oldest).then(|| found.content.clone())
    }

    fn put(&mut self, key: K, content: V, weight: usize) {
        self.weight += weight;
        if let Some(replaced) = self.values.put(key, Value { content, weight, kept_at: Instant::now() }) {
            self.weight -= replaced.weight;
        }
        while self.weight > self.capacity
            && let Some((_, dropped)) = self.values.pop_lru()
        {
            self.weight -= dropped.weight;
        }
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
        assert_eq!(memory.weight(), 7);
        memory.remove(&1);
        memory.remove(&1);
        assert_eq!(memory.weight(), 4);
    }

    #[test]
    fn what_is_not_in_memory_is_read_and_kept_unless_something_is_taken_out_meanwhile() {
        for (is_taken_out, kept) in [(false, Some(vec![1, 2, 3])), (true, None)] {
            let memory = Memory::new(10, None);
            memory.put(2, 2, 1);
            let mut asked = Vec::new();
            let read = |missing: &[u8]| {
                asked.extend(missing);
                if is_taken_out {
                    memory.remove(&9);
                }
                Ok::<_, ()>(missing.iter().copied().filter(|key| *key < 4).collect())
            };
            let mut found = memory.find_or_read(&[3, 2, 4, 1], read, |value| (*value, 1)).unwrap();
            found.sort_unstable();
            assert_eq!((found, asked), (vec![1, 2, 3], vec![3, 4, 1]));
            assert_eq!(memory.find_all(&[1, 2, 3]), kept);
        }
    }

    #[test]
    fn what_is_too_old_is_not_found() {
        let memory = Memory::new(10, Some(Duration::ZERO));
        memory.keep(1, 1, 1, 0);
        std::thread::sleep(Duration::from_millis(2));
        assert_eq!((memory.find(&1), memory.find_all(&[1])), (None, None));
    }
}
