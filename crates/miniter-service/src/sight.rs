//! What a viewer sees: the way from the number of a status to the status, for reading it and for doing something with it.

use std::sync::Arc;

use miniter_domain::{
    Circle, CircleRepository, Entry, RepositoryError, Status, StatusId, StatusRepository, UserId, Viewer,
};

use crate::error::ServiceError;

/// Finds what a viewer may see.
pub(crate) struct Sight {
    statuses: Arc<dyn StatusRepository>,
    circles: Arc<dyn CircleRepository>,
}

impl Sight {
    pub(crate) fn new(statuses: Arc<dyn StatusRepository>, circles: Arc<dyn CircleRepository>) -> Self {
        Self { statuses, circles }
    }

    /// A status that the viewer may see; what it boosts, if it is a boost: what is asked of a boost is asked of its original.
    ///
    /// # Errors
    /// [`ServiceError::StatusNotFound`], and the general ones.
    pub(crate) fn find(&self, viewer: Option<UserId>, id: StatusId) -> Result<Arc<Status>, ServiceError> {
        let Entry { status, original } = self.find_entry(viewer, id)?;
        Ok(original.unwrap_or(status))
    }

    /// A status that the viewer may see, with what it boosts.
    ///
    /// # Errors
    /// [`ServiceError::StatusNotFound`], and the general ones.
    pub(crate) fn find_entry(&self, viewer: Option<UserId>, id: StatusId) -> Result<Entry, ServiceError> {
        self.list(viewer, &[id])?.pop().ok_or(ServiceError::StatusNotFound)
    }

    /// The statuses with these numbers that the viewer may see, each once and in the order of the numbers, with what they boost.
    ///
    /// # Errors
    /// Those of the repositories.
    pub(crate) fn list(
        &self,
        viewer: Option<UserId>,
        ids: &[StatusId],
    ) -> Result<Vec<Entry>, RepositoryError> {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        let found = self.statuses.find_many(&ids)?;
        let originals = Entry::originals_of(&found);
        let originals =
            if originals.is_empty() { Vec::new() } else { self.statuses.find_many(&originals)? };
        let circle = self.circle(viewer)?;
        let viewer = Viewer::of(circle.as_deref());
        let entries = found.into_iter().map(|status| Entry::new(status, &originals));
        Ok(entries.filter(|entry| viewer.may_see_with(&entry.status, entry.original.as_deref())).collect())
    }

    /// What accounts are to the viewer, if it is a user.
    ///
    /// # Errors
    /// Those of the repository.
    pub(crate) fn circle(&self, viewer: Option<UserId>) -> Result<Option<Arc<Circle>>, RepositoryError> {
        viewer.map(|viewer| self.circles.find(viewer)).transpose()
    }

    /// The status that an id means, whether or not anybody sees it: what it boosts, if it is a boost.
    ///
    /// # Errors
    /// Those of the repository.
    pub(crate) fn resolve(&self, id: StatusId) -> Result<StatusId, RepositoryError> {
        let found = self.statuses.find_many(&[id])?.pop();
        Ok(found.and_then(|found| found.reblog_of).unwrap_or(id))
    }
}
