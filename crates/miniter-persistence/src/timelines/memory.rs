//! What is in memory of timelines: those that are kept by reader.

use std::sync::Arc;

use miniter_domain::{PageRequest, Status, Timeline};

use crate::caches::Caches;
use crate::home_timelines::FoundPage;
use crate::timelines::{Source, stored};

/// Everything that is in memory.
pub(super) struct InMemory<'a> {
    pub(super) caches: &'a Caches,
    pub(super) viewing: Option<i64>,
}

/// Something is not in memory.
pub(super) struct NotInMemory;

impl Source for InMemory<'_> {
    type Error = NotInMemory;

    fn ids(&mut self, timeline: &Timeline, rows: &PageRequest) -> Result<FoundPage, NotInMemory> {
        let reader = stored::reader(timeline, self.viewing).ok_or(NotInMemory)?;
        self.caches.home_timelines.cached(reader, rows).ok_or(NotInMemory)
    }

    fn statuses(&mut self, ids: &[i64]) -> Result<Vec<Arc<Status>>, NotInMemory> {
        self.caches.statuses.cached(ids).ok_or(NotInMemory)
    }
}
