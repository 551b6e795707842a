//! Statuses that were read lately, in memory: once for all timelines that they are in.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use diesel::QueryResult;
use lru::LruCache;
use miniter_domain::Status;

use crate::feed::Event;
use crate::statuses::StatusQuery;

/// How many bytes are kept: the statuses that were read longest ago go first.
const CAPACITY: usize = 24 << 20;

/// What a status takes beside its text, in bytes.
const OVERHEAD: usize = 400;

/// Statuses by their ids.
pub(crate) struct Statuses(Mutex<Kept>);

struct Kept {
    statuses: LruCache<i64, (Arc<Status>, Instant)>,
    bytes: usize,
    /// How often something was taken out. What was read from the database before is not kept after.
    removals: u64,
    /// How long after it was read from the database a status may be used.
    max_age: Option<Duration>,
}

impl Statuses {
    /// Nothing yet. `max_age` bounds the age of what is in memory; it need not be bounded where every write is noticed.
    pub(crate) fn new(max_age: Option<Duration>) -> Self {
        Self(Mutex::new(Kept { statuses: LruCache::unbounded(), bytes: 0, removals: 0, max_age }))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Each change is complete before anything can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The statuses with these ids, if all of them are in memory.
    pub(crate) fn cached(&self, ids: &[i64]) -> Option<Vec<Arc<Status>>> {
        let mut kept = self.kept();
        let oldest = kept.oldest();
        // With room for all of them at once, which collecting into an option would not give.
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            found.push(kept.find(*id, oldest)?);
        }
        Some(found)
    }

    /// The statuses with these ids, as far as they exist, in ascending order.
    pub(crate) fn find_many(
        &self,
        query: &mut impl StatusQuery,
        ids: &[i64],
    ) -> QueryResult<Vec<Arc<Status>>> {
        let (mut found, missing, removals) = {
            let mut kept = self.kept();
            let oldest = kept.oldest();
            let (mut found, mut missing) = (Vec::with_capacity(ids.len()), Vec::new());
            for id in ids {
                match kept.find(*id, oldest) {
                    Some(status) => found.push(status),
                    None => missing.push(*id),
                }
            }
            (found, missing, kept.removals)
        };
        if !missing.is_empty() {
            let read = query.statuses(&missing)?;
            let mut kept = self.kept();
            if kept.removals == removals {
                for status in &read {
                    kept.keep(Arc::clone(status));
                }
            }
            found.extend(read);
        }
        found.sort_unstable_by_key(|status| status.id);
        Ok(found)
    }

    /// Keeps a status as it is in the database just now.
    pub(crate) fn keep(&self, status: Arc<Status>) {
        self.kept().keep(status);
    }

    /// Applies an event. To be called in the order of commits.
    pub(crate) fn apply(&self, event: Event) {
        match event {
            Event::Deleted { tweet: id, .. } | Event::StatusChanged { status: id, .. } => {
                self.kept().remove(id);
            }
            Event::AccountDeleted { .. } | Event::ForeignWrites => self.forget_all(),
            Event::Published { .. }
            | Event::Followed { .. }
            | Event::Unfollowed { .. }
            | Event::InteractionChanged { .. }
            | Event::Notified { .. }
            | Event::AccountChanged { .. }
            | Event::CircleChanged { .. }
            | Event::TokensRenewed { .. }
            | Event::AccessTokenRevoked { .. } => {}
        }
    }

    /// Forgets everything: another program has written, or events were missed.
    pub(crate) fn forget_all(&self) {
        let mut kept = self.kept();
        kept.statuses.clear();
        kept.bytes = 0;
        kept.removals += 1;
    }
}

impl Kept {
    fn find(&mut self, id: i64, oldest: Option<Instant>) -> Option<Arc<Status>> {
        let (status, kept_at) = self.statuses.get(&id)?;
        oldest.is_none_or(|oldest| *kept_at >= oldest).then(|| Arc::clone(status))
    }

    fn oldest(&self) -> Option<Instant> {
        self.max_age.and_then(|max_age| Instant::now().checked_sub(max_age))
    }

    fn keep(&mut self, status: Arc<Status>) {
        self.bytes += bytes(&status);
        if let Some((replaced, _)) = self.statuses.put(status.id.get(), (status, Instant::now())) {
            self.bytes -= bytes(&replaced);
        }
        while self.bytes > CAPACITY
            && let Some((_, (dropped, _))) = self.statuses.pop_lru()
        {
            self.bytes -= bytes(&dropped);
        }
    }

    fn remove(&mut self, id: i64) {
        if let Some((removed, _)) = self.statuses.pop(&id) {
            self.bytes -= bytes(&removed);
        }
        self.removals += 1;
    }
}

fn bytes(status: &Status) -> usize {
    OVERHEAD
        + status.text.len()
        + status.spoiler_text.len()
        + 32 * (status.mentions.len() + status.tags.len())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use miniter_domain::{StatusId, UserId};

    use super::*;

    fn status(id: i64) -> Arc<Status> {
        let (id, author) = (StatusId::new(id), UserId::new(1));
        Arc::new(Status::plain(id, author, "text".to_owned(), chrono::DateTime::UNIX_EPOCH))
    }

    /// A table, and something that happens after it was read.
    struct Table<'a> {
        statuses: BTreeMap<i64, Arc<Status>>,
        meanwhile: Box<dyn FnMut() + 'a>,
        /// The ids that were asked for.
        asked: Vec<i64>,
    }

    impl Table<'_> {
        fn new(ids: impl IntoIterator<Item = i64>) -> Self {
            let statuses = ids.into_iter().map(|id| (id, status(id))).collect();
            Self { statuses, meanwhile: Box::new(|| ()), asked: Vec::new() }
        }
    }

    impl StatusQuery for Table<'_> {
        fn statuses(&mut self, ids: &[i64]) -> QueryResult<Vec<Arc<Status>>> {
            self.asked.extend(ids);
            let found = ids.iter().filter_map(|id| self.statuses.get(id).cloned()).collect();
            (self.meanwhile)();
            Ok(found)
        }
    }

    fn ids(statuses: &[Arc<Status>]) -> Vec<i64> {
        statuses.iter().map(|status| status.id.get()).collect()
    }

    #[test]
    fn what_is_not_in_memory_is_read_once_and_comes_in_the_order_of_ids() {
        let (statuses, mut table) = (Statuses::new(None), Table::new(1..=4));
        statuses.keep(status(3));
        assert_eq!(statuses.cached(&[2, 3]), None);
        assert_eq!(ids(&statuses.find_many(&mut table, &[4, 3, 2, 9]).unwrap()), [2, 3, 4]);
        assert_eq!(table.asked, [4, 2, 9]);
        assert_eq!(ids(&statuses.cached(&[2, 3, 4]).unwrap()), [2, 3, 4]);
    }

    #[test]
    fn what_was_taken_out_while_it_was_read_is_not_kept() {
        let deleted = Event::Deleted { author: 1, tweet: 1 };
        for event in [Some(deleted), Some(Event::AccountDeleted { user: 1 }), None] {
            let (statuses, mut table) = (Statuses::new(None), Table::new([1]));
            table.meanwhile = Box::new(|| match event {
                Some(event) => statuses.apply(event),
                None => statuses.forget_all(),
            });
            assert_eq!(ids(&statuses.find_many(&mut table, &[1]).unwrap()), [1]);
            drop(table);
            assert_eq!(statuses.cached(&[1]), None, "{event:?}");
            assert_eq!(statuses.kept().bytes, 0);
        }
    }

    #[test]
    fn what_is_deleted_or_too_old_is_read_again() {
        let statuses = Statuses::new(None);
        statuses.keep(status(1));
        statuses.apply(Event::Deleted { author: 1, tweet: 1 });
        assert_eq!(statuses.cached(&[1]), None);
        let statuses = Statuses::new(Some(Duration::ZERO));
        statuses.keep(status(1));
        std::thread::sleep(Duration::from_millis(2));
        assert_eq!(statuses.cached(&[1]), None);
    }
}
