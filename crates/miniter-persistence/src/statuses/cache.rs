//! Statuses that were read lately, in memory: once for all timelines that they are in.

use std::sync::Arc;
use std::time::Duration;

use diesel::QueryResult;
use miniter_domain::Status;

use crate::feed::Event;
use crate::memory::Memory;
use crate::statuses::StatusQuery;

/// How many bytes are kept: the statuses that were read longest ago go first.
const CAPACITY: usize = 24 << 20;

/// What a status takes beside its text, in bytes.
const OVERHEAD: usize = 400;

/// Statuses by their ids.
pub(crate) struct Statuses(Memory<i64, Arc<Status>>);

impl Statuses {
    /// Nothing yet. `max_age` bounds the age of what is in memory; it need not be bounded where every write is noticed.
    pub(crate) fn new(max_age: Option<Duration>) -> Self {
        Self(Memory::new(CAPACITY, max_age))
    }

    /// The statuses with these ids, if all of them are in memory.
    pub(crate) fn cached(&self, ids: &[i64]) -> Option<Vec<Arc<Status>>> {
        self.0.find_all(ids)
    }

    /// The statuses with these ids, as far as they exist, in ascending order.
    pub(crate) fn find_many(
        &self,
        query: &mut impl StatusQuery,
        ids: &[i64],
    ) -> QueryResult<Vec<Arc<Status>>> {
        let describe = |status: &Arc<Status>| (status.id.get(), bytes(status));
        let mut found = self.0.find_or_read(ids, |missing| query.statuses(missing), describe)?;
        found.sort_unstable_by_key(|status| status.id);
        Ok(found)
    }

    /// Keeps a status as it is in the database just now.
    pub(crate) fn keep(&self, status: Arc<Status>) {
        let weight = bytes(&status);
        self.0.put(status.id.get(), status, weight);
    }

    /// Applies an event. To be called in the order of commits.
    pub(crate) fn apply(&self, event: Event) {
        match event {
            Event::Deleted { tweet: id, .. } | Event::StatusChanged { status: id, .. } => {
                self.0.remove(&id);
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
        self.0.clear();
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
            assert_eq!(statuses.0.weight(), 0);
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
