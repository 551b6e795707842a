//! What accounts are to users, in memory while they read.

mod query;

use std::sync::Arc;
use std::time::Duration;

use diesel::QueryResult;
use miniter_domain::Circle;

pub(crate) use query::CircleQuery;

use crate::feed::Event;
use crate::memory::Memory;

/// How many accounts the circles may have in all.
const CAPACITY: usize = 1_000_000;

/// What a circle weighs beside its accounts.
const OVERHEAD: usize = 16;

/// Circles by user.
pub(crate) struct Circles(Memory<i64, Arc<Circle>>);

impl Circles {
    /// Nothing yet. `max_age` bounds the age of what is in memory; it need not be bounded where every write is noticed.
    pub(crate) fn new(max_age: Option<Duration>) -> Self {
        Self(Memory::new(CAPACITY, max_age))
    }

    /// The circle of a user, if it is in memory.
    pub(crate) fn cached(&self, user: i64) -> Option<Arc<Circle>> {
        self.0.find(&user)
    }

    /// The circle of a user, from memory or from the database.
    pub(crate) fn find(&self, query: &mut impl CircleQuery, user: i64) -> QueryResult<Arc<Circle>> {
        if let Some(circle) = self.cached(user) {
            return Ok(circle);
        }
        let removals = self.0.removals();
        let circle = Arc::new(query.circle(user)?);
        let accounts =
            circle.followees.len() + circle.without_reblogs.len() + circle.blocked.len() + circle.muted.len();
        self.0.keep(user, Arc::clone(&circle), OVERHEAD + accounts, removals);
        Ok(circle)
    }

    /// Applies an event. To be called in the order of commits.
    pub(crate) fn apply(&self, event: Event) {
        match event {
            Event::Followed { follower, .. } | Event::Unfollowed { follower, .. } => {
                self.0.remove(&follower);
            }
            Event::CircleChanged { user, other } => {
                self.0.remove(&user);
                self.0.remove(&other);
            }
            // It is in the circles of others.
            Event::AccountDeleted { .. } | Event::ForeignWrites => self.forget_all(),
            Event::Published { .. }
            | Event::Deleted { .. }
            | Event::StatusChanged { .. }
            | Event::InteractionChanged { .. }
            | Event::Notified { .. }
            | Event::AccountChanged { .. }
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
    use miniter_domain::UserId;

    use super::*;

    struct Table<'a>(Box<dyn FnMut() + 'a>);

    impl CircleQuery for Table<'_> {
        fn circle(&mut self, user: i64) -> QueryResult<Circle> {
            (self.0)();
            Ok(Circle::new(UserId::new(user)))
        }
    }

    #[test]
    fn an_event_drops_the_circles_that_it_changes_also_those_that_are_read_meanwhile() {
        let follow = Event::Followed { follower: 1, followee: 2 };
        let unfollow = Event::Unfollowed { follower: 1, followee: 2 };
        let change = Event::CircleChanged { user: 1, other: 2 };
        let gone = Event::AccountDeleted { user: 3 };
        let post = Event::Published { author: 1, tweet: 1 };
        for (event, kept) in [
            (follow, [false, true]),
            (unfollow, [false, true]),
            (change, [false, false]),
            (gone, [false, false]),
            (post, [true, true]),
        ] {
            let circles = Circles::new(None);
            for user in [1, 2] {
                circles.find(&mut Table(Box::new(|| ())), user).unwrap();
                assert!(circles.cached(user).is_some());
            }
            circles.apply(event);
            assert_eq!([1, 2].map(|user| circles.cached(user).is_some()), kept, "{event:?}");
            let circles = Circles::new(None);
            circles.find(&mut Table(Box::new(|| circles.apply(event))), 1).unwrap();
            assert_eq!(circles.cached(1).is_some(), kept[0], "{event:?}");
        }
    }
}
