//! What users have done with statuses, from memory or from the database.

use miniter_domain::{InteractionRepository, Interactions, RepositoryError, StatusId, UserId};

use crate::database::read;
use crate::store::Store;

impl InteractionRepository for Store {
    fn cached(&self, user: UserId, statuses: &[StatusId]) -> Option<Vec<Interactions>> {
        self.caches.interactions.cached(user.get(), &numbers(statuses))
    }

    fn list(&self, user: UserId, statuses: &[StatusId]) -> Result<Vec<Interactions>, RepositoryError> {
        let (user, statuses) = (user.get(), numbers(statuses));
        if let Some(found) = self.caches.interactions.cached(user, &statuses) {
            return Ok(found);
        }
        read!(self, |connection| self.caches.interactions.list(connection, user, &statuses))
    }
}

fn numbers(statuses: &[StatusId]) -> Vec<i64> {
    statuses.iter().map(|status| status.get()).collect()
}
