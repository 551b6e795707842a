//! Timelines, from memory or from the database.

use chrono::{DateTime, Utc};
use miniter_domain::{PageRequest, RepositoryError, Timeline, TimelinePage, TimelineRepository, UserId};

use crate::database::read;
use crate::store::Store;
use crate::timelines;

impl TimelineRepository for Store {
    fn cached_page(
        &self,
        timeline: &Timeline,
        viewer: Option<UserId>,
        page: &PageRequest,
        now: DateTime<Utc>,
    ) -> Option<TimelinePage> {
        timelines::cached(&self.caches, timeline, viewer.map(UserId::get), page, now)
    }

    fn find_page(
        &self,
        timeline: &Timeline,
        viewer: Option<UserId>,
        page: &PageRequest,
        now: DateTime<Utc>,
    ) -> Result<Option<TimelinePage>, RepositoryError> {
        let viewing = viewer.map(UserId::get);
        read!(self, |connection| timelines::find(&self.caches, connection, timeline, viewing, page, now))
    }
}
