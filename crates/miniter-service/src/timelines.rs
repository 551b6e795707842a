//! Reading timelines through the classic API.

use std::sync::Arc;

use miniter_domain::{Clock, PageRequest, Timeline, TimelinePage, TimelineRepository, UserId};

use crate::error::ServiceError;

/// The use cases around classic timelines.
pub struct Timelines {
    repository: Arc<dyn TimelineRepository>,
    clock: Arc<dyn Clock>,
    max_entries: u32,
}

impl Timelines {
    /// Puts the use cases together. No page has more than `max_entries`, and a request without a limit gets that many.
    #[must_use]
    pub fn new(timelines: Arc<dyn TimelineRepository>, clock: Arc<dyn Clock>, max_entries: u32) -> Self {
        Self { repository: timelines, clock, max_entries }
    }

    /// How many entries a page has of which the client wants `wanted` entries.
    #[must_use]
    pub fn page_limit(&self, wanted: Option<u32>) -> u32 {
        wanted.unwrap_or(self.max_entries).min(self.max_entries)
    }

    /// A user's timeline as a viewer sees it, or anybody, if it is in memory: this may be called where nothing may block.
    #[must_use]
    pub fn cached(&self, user: UserId, viewer: Option<UserId>, page: &PageRequest) -> Option<TimelinePage> {
        self.repository.cached_page(&Timeline::Classic(user), viewer, page, self.clock.now())
    }

    /// The actor's own timeline.
    ///
    /// # Errors
    /// [`ServiceError::Unauthenticated`] if they do not exist, and the general `Unavailable` and `Internal`.
    pub fn read_own(&self, actor: UserId, page: &PageRequest) -> Result<TimelinePage, ServiceError> {
        self.find(actor, Some(actor), page)?.ok_or(ServiceError::Unauthenticated)
    }

    /// A user's timeline as a viewer sees it, or anybody.
    ///
    /// # Errors
    /// [`ServiceError::UserNotFound`], and the general `Unavailable` and `Internal`.
    pub fn read(
        &self,
        user: UserId,
        viewer: Option<UserId>,
        page: &PageRequest,
    ) -> Result<TimelinePage, ServiceError> {
        self.find(user, viewer, page)?.ok_or(ServiceError::UserNotFound)
    }

    fn find(
        &self,
        user: UserId,
        viewer: Option<UserId>,
        page: &PageRequest,
    ) -> Result<Option<TimelinePage>, ServiceError> {
        Ok(self.repository.find_page(&Timeline::Classic(user), viewer, page, self.clock.now())?)
    }
}

#[cfg(test)]
mod tests {
    use miniter_domain::MockTimelineRepository;

    use super::*;
    use crate::accounts::tests::FixedClock;

    fn timelines(found: Option<TimelinePage>) -> Timelines {
        let mut repository = MockTimelineRepository::new();
        repository.expect_find_page().returning(move |_, _, _, _| Ok(found.clone()));
        Timelines::new(Arc::new(repository), Arc::new(FixedClock::at(1_000)), 1_000)
    }

    #[test]
    fn a_limit_over_the_cap_is_the_cap_and_none_is_the_cap_too() {
        let timelines = timelines(None);
        assert_eq!(timelines.page_limit(None), 1_000);
        assert_eq!(timelines.page_limit(Some(20)), 20);
        assert_eq!(timelines.page_limit(Some(1_001)), 1_000);
        assert_eq!(timelines.page_limit(Some(u32::MAX)), 1_000);
    }

    #[test]
    fn a_reader_who_does_not_exist_is_unauthenticated_at_home_and_not_found_elsewhere() {
        let page = PageRequest::newest(10);
        let timelines = timelines(None);
        assert!(matches!(timelines.read_own(UserId::new(1), &page), Err(ServiceError::Unauthenticated)));
        assert!(matches!(timelines.read(UserId::new(1), None, &page), Err(ServiceError::UserNotFound)));
    }

    #[test]
    fn an_empty_timeline_is_no_error() {
        let empty = TimelinePage { entries: vec![], has_older: false };
        let timelines = timelines(Some(empty.clone()));
        assert_eq!(timelines.read_own(UserId::new(1), &PageRequest::newest(10)).unwrap(), empty);
    }
}
