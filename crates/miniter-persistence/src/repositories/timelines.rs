//! Home timelines: ids first, then their statuses, from memory or from the database.

use miniter_domain::{PageRequest, RepositoryError, TimelinePage, TimelineRepository, UserId};

use crate::caches::Caches;
use crate::database::read;
use crate::home_timelines;
use crate::store::Store;

impl TimelineRepository for Store {
    fn cached_home(&self, reader: UserId, page: &PageRequest) -> Option<TimelinePage> {
        let Caches { home_timelines, statuses, .. } = &*self.caches;
        home_timelines::cached(home_timelines, statuses, reader.get(), page)
    }

    fn find_home(&self, reader: UserId, page: &PageRequest) -> Result<Option<TimelinePage>, RepositoryError> {
        let Caches { home_timelines, statuses, .. } = &*self.caches;
        read!(self, |connection| home_timelines::find(
            home_timelines,
            statuses,
            connection,
            reader.get(),
            page
        ))
    }
}
