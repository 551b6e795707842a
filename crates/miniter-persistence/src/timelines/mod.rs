//! Timelines, as a viewer sees them: ids first, then their statuses, and of these what the viewer may see.
//!
//! Windows of home timelines know nothing of visibility: one window serves all viewers, and what is decided
//! ([`Timeline::has`]) is decided when a page is read.

mod collected;
mod memory;
mod paging;
mod query;
mod reactors;
mod stored;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use miniter_domain::{Entry, PageRequest, Status, StatusId, Timeline, TimelinePage, Viewer};

pub(crate) use collected::find_collected;
pub(crate) use query::TimelineQuery;
pub(crate) use reactors::find_reactors;

use crate::caches::Caches;
use crate::home_timelines::FoundPage;
use crate::timelines::memory::InMemory;
use crate::timelines::paging::{Item, List, Part};
use crate::timelines::stored::{Halt, Stored};

/// Where the rows of a timeline and their statuses come from.
trait Source {
    /// Why it has none.
    type Error;

    /// The ids of a part of a timeline, in ascending order, without regard to the viewer.
    fn ids(&mut self, timeline: &Timeline, rows: &PageRequest) -> Result<FoundPage, Self::Error>;

    /// The statuses with these ids, as far as they exist, in the order of their ids.
    fn statuses(&mut self, ids: &[i64]) -> Result<Vec<Arc<Status>>, Self::Error>;
}

/// A timeline, a viewer and a source.
struct Viewed<'a, S> {
    timeline: &'a Timeline,
    viewer: Viewer<'a>,
    now: DateTime<Utc>,
    source: S,
}

/// An entry of a timeline.
struct Found {
    entry: Entry,
    merges_reblogs: bool,
}

impl Item for Found {
    fn cursor(&self) -> i64 {
        self.entry.status.id.get()
    }

    fn mark(&self) -> Option<i64> {
        self.entry.status.reblog_of.filter(|_| self.merges_reblogs).map(StatusId::get)
    }
}

impl<S: Source> List for Viewed<'_, S> {
    type Item = Found;
    type Error = S::Error;

    fn read(&mut self, rows: &PageRequest) -> Result<Part<Found>, S::Error> {
        let FoundPage { ids, has_older } = self.source.ids(self.timeline, rows)?;
        let statuses = self.source.statuses(&ids)?;
        let mut originals = Vec::new();
        if self.timeline.has_reblogs() {
            let ids: Vec<i64> = Entry::originals_of(&statuses).into_iter().map(StatusId::get).collect();
            if !ids.is_empty() {
                originals = self.source.statuses(&ids)?;
            }
        }
        let items = statuses.into_iter().filter_map(|status| {
            let entry = Entry::new(status, &originals);
            let has = self.timeline.has(self.viewer, &entry.status, entry.original.as_deref(), self.now);
            let merges_reblogs = self.timeline.merges_reblogs();
            has.then_some(Found { entry, merges_reblogs })
        });
        let items = items.collect();
        Ok(Part { items, rows: ids.len(), ends: ids.first().copied().zip(ids.last().copied()), has_older })
    }
}

impl<S: Source> Viewed<'_, S> {
    fn page(&mut self, page: &PageRequest) -> Result<TimelinePage, S::Error> {
        let paging::Page { items, has_older } = paging::page(self, page)?;
        Ok(TimelinePage { entries: items.into_iter().map(|found| found.entry).collect(), has_older })
    }
}

/// A page of which everything is in memory.
pub(crate) fn cached(
    caches: &Caches,
    timeline: &Timeline,
    viewing: Option<i64>,
    page: &PageRequest,
    now: DateTime<Utc>,
) -> Option<TimelinePage> {
    let circle = match viewing {
        Some(user) => Some(caches.circles.cached(user)?),
        None => None,
    };
    let source = InMemory { caches, viewing };
    Viewed { timeline, viewer: Viewer::of(circle.as_deref()), now, source }.page(page).ok()
}

/// A page, from memory as far as it is there and else from the database. `None` if there is no user whose timeline it is.
pub(crate) fn find(
    caches: &Caches,
    query: &mut impl TimelineQuery,
    timeline: &Timeline,
    viewing: Option<i64>,
    page: &PageRequest,
    now: DateTime<Utc>,
) -> QueryResult<Option<TimelinePage>> {
    let circle = match viewing {
        Some(user) => Some(caches.circles.find(query, user)?),
        None => None,
    };
    let source = Stored { caches, query, viewing, lacks_some: false };
    let mut viewed = Viewed { timeline, viewer: Viewer::of(circle.as_deref()), now, source };
    let mut found = viewed.page(page);
    if viewed.source.lacks_some
        && let Some(reader) = stored::reader(timeline, viewing)
    {
        // Some were deleted: by another program, which was not noticed, or just now.
        caches.home_timelines.forget(reader);
        found = viewed.page(page);
    }
    match found {
        Ok(page) => Ok(Some(page)),
        Err(Halt::NoSuchReader) => Ok(None),
        Err(Halt::Query(error)) => Err(error),
    }
}
