//! Home timelines, from memory or from the database.

use miniter_domain::{PageRequest, RepositoryError, TimelinePage, TimelineRepository, UserId};

use crate::database::read;
use crate::store::Store;

impl TimelineRepository for Store {
    fn cached_home(&self, reader: UserId, page: &PageRequest) -> Option<TimelinePage> {
        self.caches.home_timelines.cached(reader.get(), page)
    }

    fn find_home(&self, reader: UserId, page: &PageRequest) -> Result<Option<TimelinePage>, RepositoryError> {
        read!(self, |connection| self.caches.home_timelines.find(connection, reader.get(), page))
    }
}
