//! Timelines from the database, as far as they are not in memory.

use std::sync::Arc;

use diesel::result::Error;
use miniter_domain::{PageRequest, Status, Timeline};

use crate::caches::Caches;
use crate::home_timelines::{FoundPage, page};
use crate::timelines::{Source, TimelineQuery};

/// Memory and the database.
pub(super) struct Stored<'a, Q> {
    pub(super) caches: &'a Caches,
    pub(super) query: &'a mut Q,
    pub(super) viewing: Option<i64>,
    /// Whether a status of the timeline was not there.
    pub(super) lacks_some: bool,
}

/// Why a timeline cannot be read.
pub(super) enum Halt {
    /// There is no user whose timeline it is.
    NoSuchReader,
    /// The database has failed.
    Query(Error),
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Query(error)
    }
}

/// The user whose home timeline has the ids of a timeline, if it is of that kind.
pub(super) fn reader(timeline: &Timeline, viewing: Option<i64>) -> Option<i64> {
    match timeline {
        Timeline::Home => viewing,
        Timeline::Classic(owner) => Some(owner.get()),
        Timeline::Public | Timeline::Account(..) => None,
    }
}

impl<Q: TimelineQuery> Source for Stored<'_, Q> {
    type Error = Halt;

    fn ids(&mut self, timeline: &Timeline, rows: &PageRequest) -> Result<FoundPage, Halt> {
        match timeline {
            Timeline::Home | Timeline::Classic(_) => {
                let reader = reader(timeline, self.viewing).ok_or(Halt::NoSuchReader)?;
                self.caches.home_timelines.find(self.query, reader, rows)?.ok_or(Halt::NoSuchReader)
            }
            Timeline::Public | Timeline::Account(..) => {
                Ok(page(rows, |range| self.query.timeline_ids(timeline, range))?)
            }
        }
    }

    fn statuses(&mut self, ids: &[i64]) -> Result<Vec<Arc<Status>>, Halt> {
        let statuses = self.caches.statuses.find_many(self.query, ids)?;
        self.lacks_some |= statuses.len() < ids.len();
        Ok(statuses)
    }
}
