//! What users have done with statuses, in memory while they read them.

mod query;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use diesel::QueryResult;
use miniter_domain::Interactions;

pub(crate) use query::InteractionQuery;

use crate::feed::Event;
use crate::memory::Memory;

/// How many statuses are kept of all users.
const CAPACITY: usize = 1_000_000;

/// What a user weighs beside the statuses.
const OVERHEAD: usize = 16;

/// How many statuses are kept of a user: some dozens of pages.
const MOST_OF_USER: usize = 2_000;

/// What a user has done, by status.
type ByStatus = Arc<HashMap<i64, Interactions>>;

/// What users have done, by user. A change drops all of a user's: one may be about a whole thread.
pub(crate) struct InteractionCache(Memory<i64, ByStatus>);

impl InteractionCache {
    /// Nothing yet. `max_age` bounds the age of what is in memory; it need not be bounded where every write is noticed.
    pub(crate) fn new(max_age: Option<Duration>) -> Self {
        Self(Memory::new(CAPACITY, max_age))
    }

    /// What a user has done with each of these statuses, if all of it is in memory.
    pub(crate) fn cached(&self, user: i64, statuses: &[i64]) -> Option<Vec<Interactions>> {
        if statuses.is_empty() {
            return Some(Vec::new());
        }
        let known = self.0.find(&user)?;
        statuses.iter().map(|status| known.get(status).copied()).collect()
    }

    /// What a user has done with each of these statuses.
    pub(crate) fn list(
        &self,
        query: &mut impl InteractionQuery,
        user: i64,
        statuses: &[i64],
    ) -> QueryResult<Vec<Interactions>> {
        let removals = self.0.removals();
        let known = self.0.find(&user).unwrap_or_default();
        let missing: Vec<i64> =
            statuses.iter().copied().filter(|status| !known.contains_key(status)).collect();
        let mut all = HashMap::clone(&known);
        if !missing.is_empty() {
            // With those that the user has done nothing with.
            all.extend(missing.iter().map(|status| (*status, Interactions::default())));
            all.extend(query.interactions(user, &missing)?);
        }
        let found = statuses.iter().map(|status| all.get(status).copied().unwrap_or_default()).collect();
        if !missing.is_empty() {
            if all.len() > MOST_OF_USER {
                all.retain(|status, _| statuses.contains(status));
            }
            let weight = OVERHEAD + all.len();
            self.0.keep(user, Arc::new(all), weight, removals);
        }
        Ok(found)
    }

    /// Applies an event. To be called in the order of commits.
    pub(crate) fn apply(&self, event: Event) {
        match event {
            // A boost that is deleted is one less.
            Event::InteractionChanged { user, .. } | Event::Deleted { author: user, .. } => {
                self.0.remove(&user);
            }
            Event::AccountDeleted { .. } | Event::ForeignWrites => self.forget_all(),
            Event::Published { .. }
            | Event::Followed { .. }
            | Event::Unfollowed { .. }
            | Event::StatusChanged { .. }
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

#[cfg(test)]
mod tests {
    use super::*;

    const FAVOURITE: Interactions =
        Interactions { favourited: true, reblogged: false, bookmarked: false, muted: false, pinned: false };

    /// The statuses with even numbers are favourites.
    struct Table<'a> {
        asked: Vec<i64>,
        meanwhile: Box<dyn FnMut() + 'a>,
    }

    impl InteractionQuery for Table<'_> {
        fn interactions(&mut self, _: i64, statuses: &[i64]) -> QueryResult<HashMap<i64, Interactions>> {
            self.asked.extend(statuses);
            (self.meanwhile)();
            Ok(statuses
                .iter()
                .filter(|status| **status % 2 == 0)
                .map(|status| (*status, FAVOURITE))
                .collect())
        }
    }

    fn table<'a>(meanwhile: impl FnMut() + 'a) -> Table<'a> {
        Table { asked: Vec::new(), meanwhile: Box::new(meanwhile) }
    }

    #[test]
    fn what_is_not_in_memory_is_read_once_also_if_there_is_nothing() {
        let (cache, mut table) = (InteractionCache::new(None), table(|| ()));
        let none = Interactions::default();
        assert_eq!(cache.list(&mut table, 7, &[2, 1]).unwrap(), [FAVOURITE, none]);
        assert_eq!(cache.list(&mut table, 7, &[1, 2, 3]).unwrap(), [none, FAVOURITE, none]);
        assert_eq!(table.asked, [2, 1, 3]);
        assert_eq!(cache.cached(7, &[3, 2]), Some(vec![none, FAVOURITE]));
        assert_eq!(cache.cached(7, &[4]), None);
        assert_eq!(cache.cached(8, &[2]), None);
    }

    #[test]
    fn a_change_drops_what_is_known_of_its_user_also_what_is_read_meanwhile() {
        let done = Event::InteractionChanged { user: 7, status: 9 };
        let deleted = Event::Deleted { author: 7, tweet: 9 };
        let other = Event::InteractionChanged { user: 8, status: 1 };
        let gone = Event::AccountDeleted { user: 9 };
        for (event, is_kept) in [(done, false), (deleted, false), (gone, false), (other, true)] {
            let cache = InteractionCache::new(None);
            cache.list(&mut table(|| ()), 7, &[1]).unwrap();
            cache.apply(event);
            assert_eq!(cache.cached(7, &[1]).is_some(), is_kept, "{event:?}");
            let cache = InteractionCache::new(None);
            cache.list(&mut table(|| cache.apply(event)), 7, &[1]).unwrap();
            assert_eq!(cache.cached(7, &[1]), None, "{event:?}");
        }
    }

    #[test]
    fn of_a_user_who_reads_on_and_on_the_last_page_is_kept() {
        let (cache, mut table) = (InteractionCache::new(None), table(|| ()));
        for page in 0..200 {
            let statuses: Vec<i64> = (page * 40..page * 40 + 40).collect();
            cache.list(&mut table, 7, &statuses).unwrap();
            assert!(cache.cached(7, &statuses).is_some());
            assert!(cache.0.find(&7).unwrap().len() <= MOST_OF_USER);
        }
    }
}
